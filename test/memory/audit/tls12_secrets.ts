import { aeadKeyLength, type AeadName } from "../../../shared/libcrypto/aead.ts";
import { testPrf } from "../../harness/tls12_master_secret.ts";
import type { NamedSecret } from "./named_secret.ts";

/** What a TLS 1.2 session was negotiated and computed from. */
export interface Tls12Facts {
  readonly hash: "sha256" | "sha384";
  readonly aead: AeadName;
  /** Undefined where only the master secret is known. */
  readonly premaster?: Uint8Array | undefined;
  readonly master: Uint8Array;
  readonly clientRandom: Uint8Array;
  readonly serverRandom: Uint8Array;
}

/** RFC 5246, Section 6.3, for AEADs. The IVs of AES-GCM are 4 bytes, which no search could tell from others. */
export function tls12Secrets(facts: Tls12Facts): NamedSecret[] {
  const { hash, aead, premaster, master, clientRandom, serverRandom } = facts;
  const keyLength = aeadKeyLength[aead];
  const ivLength = aead === "chacha20-poly1305" ? 12 : 4;
  const seed = Uint8Array.of(...serverRandom, ...clientRandom);
  const block = testPrf(hash, master, "key expansion", seed, 2 * (keyLength + ivLength));
  const cut = (start: number, length: number) => block.slice(start, start + length);
  const key = (name: string, start: number) => ({ name, bytes: cut(start, keyLength), aead, isKept: true });
  const iv = (name: string, start: number) => ({ name, bytes: cut(start, ivLength), isKept: true });
  return [
    ...premaster === undefined ? [] : [{ name: "premaster secret", bytes: premaster, hmac: hash }],
    { name: "master secret", bytes: master, hmac: hash },
    key("client write key", 0),
    key("server write key", keyLength),
    ...ivLength < 8 ? [] : [iv("client write IV", 2 * keyLength), iv("server write IV", 2 * keyLength + 12)],
  ];
}
