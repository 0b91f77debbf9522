import { Buffer } from "node:buffer";
import type { Handle, Mechanism, PKCS11 } from "pkcs11js";

export interface Signing {
  readonly calls: PKCS11;
  readonly key: Handle;
  readonly mechanism: Mechanism;
  readonly data: Uint8Array;
}

/** Signs in this thread for some seconds; gives the milliseconds of each. */
export function signForSeconds(
  { calls, key, mechanism, data }: Signing,
  session: Handle,
  seconds: number,
): number[] {
  const input = Buffer.from(data);
  const output = Buffer.alloc(1024);
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  for (let began = performance.now(); began < end;) {
    calls.C_SignInit(session, mechanism, key);
    calls.C_Sign(session, input, output);
    const now = performance.now();
    times.push(now - began);
    began = now;
  }
  return times;
}

/** Signs once, in another thread of the addon's. */
export async function signElsewhere(
  { calls, key, mechanism, data }: Signing,
  session: Handle,
): Promise<void> {
  const input = Buffer.from(data);
  const output = Buffer.alloc(1024);
  calls.C_SignInit(session, mechanism, key);
  await calls.C_SignAsync(session, input, output);
}
