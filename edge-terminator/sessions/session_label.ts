/**
 * Who made a TLS 1.2 session, as its id says it to those who may ask for it:
 *
 *    random (27) | edge (3) | worker (2)
 *
 * The edge's part is a digest of its instance, the worker's random for each process; of both whoever sees ids learns
 * which come from one worker, which from one edge, and nothing else. 216 bits stay that nobody guesses.
 */
import { concatenate } from "../../shared/codec/concatenate.ts";
import { digest } from "../../shared/libcrypto/digest.ts";
import { randomBytes } from "../../shared/libcrypto/random.ts";
import { sessionIdLength } from "../tls/sessions/session_cache.ts";

export const edgeLabelLength = 3;
export const workerLabelLength = 2;
const randomLength = sessionIdLength - edgeLabelLength - workerLabelLength;

/** Both in hexadecimal digits. */
export interface SessionLabel {
  readonly edge: string;
  readonly worker: string;
}

/** Of an edge that no key server knows: its sessions are its workers' alone. */
export const noEdge: string = new Uint8Array(edgeLabelLength).toHex();

/** `instance`: which installation of an edge it is, as its hello says. */
export function edgeLabelOf(instance: string): string {
  const words = new TextEncoder().encode(`holdfast session maker 1 ${instance}`);
  return digest("sha256", words).subarray(0, edgeLabelLength).toHex();
}

export function newWorkerLabel(): string {
  return randomBytes(workerLabelLength).toHex();
}

export function newLabelledId({ edge, worker }: SessionLabel): Uint8Array {
  return concatenate([randomBytes(randomLength), Uint8Array.fromHex(edge), Uint8Array.fromHex(worker)]);
}

/** What an id says, whoever made it up; undefined: none of ours has this length. */
export function labelOf(id: Uint8Array): SessionLabel | undefined {
  if (id.length !== sessionIdLength) return undefined;
  return {
    edge: id.subarray(randomLength, randomLength + edgeLabelLength).toHex(),
    worker: id.subarray(randomLength + edgeLabelLength).toHex(),
  };
}
