import fc from "fast-check";
import type {
  KeylessRequest,
  RsaKeyExchangeRequest,
  SignTls12Request,
  SignTls13Request,
} from "../operations.ts";

/** For tests: every request that the protocol allows. */

/** fc.record, of ordinary objects only: deepEqual tells those without a prototype apart. */
export const record: typeof fc.record =
  ((model: Record<string, fc.Arbitrary<unknown>>) =>
    fc.record(model, { noNullPrototype: true })) as typeof fc.record;

export function bytesOf(...lengths: number[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(...lengths.map((length) => fc.uint8Array({ minLength: length, maxLength: length })));
}

const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
const serverName = fc.array(label, { maxLength: 6 }).map((labels) => labels.join("."));
const keyRequest = {
  role: fc.constant("server" as const),
  subjectKeyIdentifier: bytesOf(20),
  serverName,
  deadline: fc.integer({ min: 1, max: 0xffff_ffff }),
};
const number16 = fc.integer({ min: 0, max: 0xffff });

const signTls13Requests: fc.Arbitrary<SignTls13Request> = record({
  operation: fc.constant("sign-tls13" as const),
  ...keyRequest,
  signatureScheme: number16,
  transcript: fc.oneof(
    record({ form: fc.constant("hash" as const), transcriptHash: bytesOf(32, 48) }),
    record({
      form: fc.constant("strict" as const),
      handshakeMessages: fc.uint8Array({ minLength: 1, maxLength: 3000 }),
    }),
  ),
});

const signTls12Requests: fc.Arbitrary<SignTls12Request> = record({
  operation: fc.constant("sign-tls12" as const),
  ...keyRequest,
  signatureScheme: number16,
  clientRandom: bytesOf(32),
  serverRandom: bytesOf(32),
  namedCurve: number16,
  publicKey: fc.uint8Array({ minLength: 1, maxLength: 255 }),
});

const rsaKeyExchangeRequests: fc.Arbitrary<RsaKeyExchangeRequest> = record({
  operation: fc.constant("rsa-key-exchange" as const),
  ...keyRequest,
  clientVersion: number16,
  prfHash: fc.constantFrom("sha256" as const, "sha384" as const),
  seed: fc.oneof(
    record({
      form: fc.constant("randoms" as const),
      clientRandom: bytesOf(32),
      serverRandom: bytesOf(32),
    }),
    record({ form: fc.constant("extended" as const), sessionHash: bytesOf(32, 48) }),
  ),
  encryptedPreMasterSecret: fc.uint8Array({ maxLength: 1024 }),
  recipientPublicKey: bytesOf(32),
});

export const keylessRequests: fc.Arbitrary<KeylessRequest> = fc.oneof(
  fc.constant({ operation: "ping" as const }),
  signTls13Requests,
  signTls12Requests,
  rsaKeyExchangeRequests,
);
