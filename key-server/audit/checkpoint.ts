/** Signed statements of how far the log has come: what was before one cannot be written anew without the key. */
import { z } from "zod";
import { ByteWriter } from "../../shared/codec/byte_writer.ts";
import { verifySignature } from "../../shared/libcrypto/verify.ts";

/** Signs with a key in a token. */
export interface CheckpointSigner {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** IANA's number. */
  readonly signatureScheme: number;
  sign(content: Uint8Array): Promise<Uint8Array>;
}

/** The record's own fields; bytes in base64, hashes in hexadecimal. */
export const checkpointSchema = z.looseObject({
  kind: z.literal("checkpoint"),
  over: z.strictObject({ n: z.int().min(1), hash: z.string().regex(/^[0-9a-f]{64}$/) }),
  signatureScheme: z.int().min(0).max(0xffff),
  publicKey: z.base64().max(4096),
  signature: z.base64().max(4096),
});

export type Checkpoint = z.infer<typeof checkpointSchema>;

/** What is signed for the record `n` with its hash. */
function checkpointContent(n: number, hash: Uint8Array): Uint8Array {
  const writer = new ByteWriter(64);
  writer.vector8(new TextEncoder().encode("holdfast audit checkpoint 1"));
  writer.u64(BigInt(n));
  writer.bytes(hash);
  return writer.finish();
}

/** Signs the log as far as record `n`. Throws what the token throws. */
export async function makeCheckpoint(
  signer: CheckpointSigner,
  n: number,
  hash: Uint8Array,
): Promise<Pick<Checkpoint, "kind" | "over" | "signatureScheme" | "publicKey" | "signature">> {
  const signature = await signer.sign(checkpointContent(n, hash));
  return {
    kind: "checkpoint",
    over: { n, hash: hash.toHex() },
    signatureScheme: signer.signatureScheme,
    publicKey: signer.publicKey.toBase64(),
    signature: signature.toBase64(),
  };
}

/** What is wrong with a checkpoint; undefined: nothing. `hashOf` knows the hashes of records read so far. */
export function checkpointDamage(
  { over, signatureScheme, publicKey, signature }: Checkpoint,
  hashOf: (n: number) => Uint8Array | undefined,
  expectedPublicKey: string | undefined,
): string | undefined {
  if (expectedPublicKey !== undefined && publicKey !== expectedPublicKey) {
    return "it is a checkpoint signed with another key";
  }
  const hash = hashOf(over.n);
  if (hash === undefined) return `it is a checkpoint of record ${over.n}, which is not near before it`;
  if (hash.toHex() !== over.hash) return `it is a checkpoint of another record ${over.n}`;
  const content = checkpointContent(over.n, hash);
  try {
    const key = Uint8Array.fromBase64(publicKey);
    const options = { anyCurve: true };
    if (verifySignature(key, signatureScheme, content, Uint8Array.fromBase64(signature), options)) {
      return undefined;
    }
  } catch {
    return "it is a checkpoint with a key that cannot be read";
  }
  return "it is a checkpoint with a wrong signature";
}
