import { createECDH } from "node:crypto";
import { EphemeralKeyPair, type KeyAgreementGroup } from "../../../shared/libcrypto/key_agreement.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Mapping } from "../../harness/proc/inspect.ts";
import type { NamedSecret } from "./named_secret.ts";
import { lockedRangesOf } from "./search.ts";

export const scalarGroups = ["x25519", "secp256r1", "secp384r1"] as const;

const scalarLength: Readonly<Record<KeyAgreementGroup, number>> = {
  x25519: 32,
  secp256r1: 32,
  secp384r1: 48,
};
/** OpenSSL's secure heap gives out blocks of 32 bytes and more. */
const alignment = 16;
/** The secure heap is 128 KiB; the pool, which has no scalars, is larger. */
const longestHeap = 1 << 20;

/**
 * The ephemeral scalar that a live process has for this public key, which is the server's alone to know: every place of its
 * small locked mappings is tried as one. Its bytes are as they stand there: a curve's are the limbs of a BIGNUM, the least
 * one first. Throws when none fits, for then nothing can be said of it.
 */
export async function findScalar(
  pid: number,
  group: KeyAgreementGroup,
  publicKey: Uint8Array,
): Promise<NamedSecret> {
  using memory = await Deno.open(`/proc/${pid}/mem`);
  const ranges = await lockedRangesOf(pid);
  // Secret memory is locked too, and cannot be read.
  const heaps = ranges.filter(({ start, end, name }) =>
    end - start < longestHeap && !name.includes("secretmem")
  );
  const wanted = publicKey.toHex();
  const length = scalarLength[group];
  for (const range of heaps) {
    const bytes = await readRange(memory, range);
    for (let offset = 0; offset + length <= bytes.length; offset += alignment) {
      const candidate = bytes.slice(offset, offset + length);
      if (new Set(candidate).size < 8 || publicKeyOf(group, candidate) !== wanted) continue;
      return { name: `an ephemeral ${group} scalar`, bytes: candidate, isKept: true };
    }
  }
  throw new Error(`Cannot find the server's ephemeral ${group} scalar in its secure heap`);
}

/** In hex; undefined of what is no scalar. */
function publicKeyOf(group: KeyAgreementGroup, candidate: Uint8Array): string | undefined {
  if (group !== "x25519") {
    const ecdh = createECDH(group === "secp256r1" ? "prime256v1" : group);
    try {
      ecdh.setPrivateKey(candidate.toReversed());
    } catch {
      return undefined; // not below the order
    }
    return ecdh.getPublicKey("hex");
  }
  using pool = LockedPool.open({ totalBytes: 4096, backing: "mlock" });
  using scalar = pool.rent(candidate.length);
  scalar.bytes.set(candidate);
  using pair = EphemeralKeyPair.fromX25519Scalar(scalar);
  return pair.publicKey.toHex();
}

async function readRange(memory: Deno.FsFile, { start, end }: Mapping): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  await memory.seek(start, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < bytes.length) {
    const read = await memory.read(bytes.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  return bytes.subarray(0, filled);
}
