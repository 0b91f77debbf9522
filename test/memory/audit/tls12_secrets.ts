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
  /** Whether the server keeps the session by its id. */
  readonly isCached?: boolean;
}

/** RFC 5246, Section 6.3, for AEADs. */
export function tls12Secrets(facts: Tls12Facts): NamedSecret[] {
  const { hash, aead, premaster, master, clientRandom, serverRandom, isCached = false } = facts;
  const keyLength = aeadKeyLength[aead];
  const ivLength = aead === "chacha20-poly1305" ? 12 : 4;
  const seed = Uint8Array.of(...serverRandom, ...clientRandom);
  const block = testPrf(hash, master, "key expansion", seed, 2 * (keyLength + ivLength));
  const cut = (start: number, length: number) => block.slice(start, start + length);
  const key = (name: string, start: number) => ({ name, bytes: cut(start, keyLength), aead, isKept: true });
  const iv = (name: string, start: number) => ({ name, bytes: cut(start, ivLength), isKept: true });
  return [
    ...premaster === undefined ? [] : [{ name: "premaster secret", bytes: premaster, hmac: hash }],
    { name: "master secret", bytes: master, hmac: hash, isKept: isCached, isCached },
    key("client write key", 0),
    key("server write key", keyLength),
    ...ivLength === 12
      ? [iv("client write IV", 2 * keyLength), iv("server write IV", 2 * keyLength + 12)]
      : salts(block, 2 * keyLength),
  ];
}

/**
 * The IVs of AES-GCM are 4 bytes, which chance finds: so they are looked for as they stand in the key block, between what
 * is next to them there, and in the nonces of records (RFC 5288, Section 3). The first nonce ends in too many zeros.
 */
function salts(block: Uint8Array, start: number): NamedSecret[] {
  const nonces = (side: string, at: number) =>
    [1, 2, 3].map((sequence) => ({
      name: `nonce ${sequence} of the ${side}'s`,
      bytes: Uint8Array.of(...block.subarray(at, at + 4), 0, 0, 0, 0, 0, 0, 0, sequence),
      isRawOnly: true,
    }));
  return [
    { name: "IVs of both sides", bytes: block.slice(start, start + 8) },
    { name: "client write IV behind its key", bytes: block.slice(start - 4, start + 4) },
    ...nonces("client", start),
    ...nonces("server", start + 4),
  ];
}
