/** For tests: site certificates for keys of every kind, whose private halves are thrown away at once. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Changes, DevelopmentPki } from "../../certs/dev_pki.ts";

export type TestKeyType =
  | "ecdsa-p256"
  | "ecdsa-p384"
  | "ecdsa-p521"
  | "ed25519"
  | "rsa"
  | "rsa-1024"
  | "rsa-pss";

/** DER SubjectPublicKeyInfo of a new key. */
export function publicKeyInfo(type: TestKeyType): Uint8Array<ArrayBuffer> {
  return new Uint8Array(generate(type).export({ type: "spki", format: "der" }));
}

function generate(type: TestKeyType): KeyObject {
  switch (type) {
    case "ecdsa-p256":
      return generateKeyPairSync("ec", { namedCurve: "prime256v1" }).publicKey;
    case "ecdsa-p384":
      return generateKeyPairSync("ec", { namedCurve: "secp384r1" }).publicKey;
    case "ecdsa-p521":
      return generateKeyPairSync("ec", { namedCurve: "secp521r1" }).publicKey;
    case "ed25519":
      return generateKeyPairSync("ed25519").publicKey;
    case "rsa":
      return generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
    case "rsa-1024":
      return generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
    case "rsa-pss":
      return generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey;
  }
}

/** PEM: leaf and intermediate. */
export function siteChain(
  pki: DevelopmentPki,
  type: TestKeyType,
  names: readonly [string, ...string[]] = ["www.holdfast.test"],
  changes: Changes = {},
): Promise<string> {
  return pki.siteCertificate(publicKeyInfo(type), names, changes);
}
