import { EphemeralKeyPair } from "../../../shared/libcrypto/key_agreement.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Mapping } from "../../harness/proc/inspect.ts";
import type { NamedSecret } from "./named_secret.ts";
import { lockedRangesOf } from "./search.ts";

const length = 32;
/** OpenSSL's secure heap gives out blocks of 32 bytes and more. */
const alignment = 16;
/** The secure heap is 128 KiB; the pool, which has no scalars, is larger. */
const longestHeap = 1 << 20;

/**
 * The X25519 scalar that a live process has for this public key, which is the server's alone to know: every place of its
 * small locked mappings is tried as one. Throws when none fits, for then nothing can be said of it.
 */
export async function findX25519Scalar(pid: number, publicKey: Uint8Array): Promise<NamedSecret> {
  using pool = LockedPool.open({ totalBytes: 4096, backing: "mlock" });
  using memory = await Deno.open(`/proc/${pid}/mem`);
  const ranges = await lockedRangesOf(pid);
  // Secret memory is locked too, and cannot be read.
  const heaps = ranges.filter(({ start, end, name }) =>
    end - start < longestHeap && !name.includes("secretmem")
  );
  for (const range of heaps) {
    const bytes = await readRange(memory, range);
    for (let offset = 0; offset + length <= bytes.length; offset += alignment) {
      const candidate = bytes.slice(offset, offset + length);
      if (new Set(candidate).size < 8) continue;
      using scalar = pool.rent(length);
      scalar.bytes.set(candidate);
      using pair = EphemeralKeyPair.fromX25519Scalar(scalar);
      if (pair.publicKey.toHex() === publicKey.toHex()) {
        return { name: "the server's ephemeral X25519 scalar", bytes: candidate, isKept: true };
      }
    }
  }
  throw new Error("Cannot find the server's ephemeral scalar in its secure heap");
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
