import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { KeyType } from "./job.ts";

/** A private key whose every byte a test knows, because it was made outside of the token. */
export interface KnownKey {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array<ArrayBuffer>;
  readonly privateKey: JsonWebKey;
}

export function makeKnownKey(type: KeyType): KnownKey {
  const { publicKey, privateKey } = generate(type);
  return {
    publicKeyInfo: new Uint8Array(publicKey.export({ type: "spki", format: "der" })),
    privateKey: privateKey.export({ format: "jwk" }) as JsonWebKey,
  };
}

function generate(type: KeyType): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (type) {
    case "ecdsa-p256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" });
    case "ecdsa-p384":
      return generateKeyPairSync("ec", { namedCurve: "P-384" });
    case "rsa-2048":
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
    case "rsa-3072":
      return generateKeyPairSync("rsa", { modulusLength: 3072 });
    case "ed25519":
      throw new Error(
        "Cannot import an Ed25519 key: SoftHSM 2.6 takes it in a form of its own; generate it inside",
      );
  }
}
