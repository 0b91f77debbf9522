/** For key_server.ts: signs as fast as a token can, in a process of its own. A job from stdin, its result to stdout. */
import { Buffer } from "node:buffer";
import pkcs11js, { type Handle } from "pkcs11js";
import { findPrivateKey, readPublicKey } from "../../key-server/token/key_finder.ts";
import { logIn } from "../../key-server/token/login.ts";
import { Pkcs11Module } from "../../key-server/token/module.ts";
import { candidateMethods } from "../../key-server/token/signing_methods.ts";
import { findSlot } from "../../key-server/token/slot.ts";
import { parsePkcs11Uri } from "../../key-server/token/uri.ts";
import { readSecret } from "../../shared/config/secret_source.ts";

export interface RawSigningJob {
  readonly uri: string;
  readonly pinFile: string;
  readonly label: string;
  readonly seconds: number;
  /** 1: synchronous; more: that many asynchronous at once. */
  readonly sessions: number;
}

export interface RawSigningResult {
  readonly rate: number;
  readonly cpuMicroseconds: number;
}

async function run(job: RawSigningJob): Promise<RawSigningResult> {
  const uri = parsePkcs11Uri(job.uri);
  using module = Pkcs11Module.load(uri.modulePath!);
  const { calls } = module;
  const slot = findSlot(module, uri);
  const sessions = Array.from(
    { length: job.sessions },
    () => calls.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION),
  );
  const [first] = sessions as [Handle];
  await logIn(calls, first, () => readSecret(`file:${job.pinFile}`, "/"));
  const key = findPrivateKey(calls, first, { object: job.label });
  const { keyType, keyBits } = readPublicKey(calls, first, key);
  const { mechanism, data } = candidateMethods[keyType][0]!.prepare(new Uint8Array(130), keyBits);
  const input = Buffer.from(data);
  const end = performance.now() + job.seconds * 1000;
  let count = 0;
  const before = Deno.readTextFileSync("/proc/self/stat");
  const sign = async (session: Handle) => {
    const output = Buffer.alloc(1024);
    for (; performance.now() < end; count++) {
      calls.C_SignInit(session, mechanism, key);
      if (job.sessions === 1) calls.C_Sign(session, input, output);
      else await calls.C_SignAsync(session, input, output);
    }
  };
  await Promise.all(sessions.map(sign));
  const ticks = (stat: string) => {
    const fields = stat.replace(/^.*\) /, "").split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  const cpu = (ticks(Deno.readTextFileSync("/proc/self/stat")) - ticks(before)) * 10_000;
  return { rate: count / job.seconds, cpuMicroseconds: cpu / count };
}

const result = await run(await new Response(Deno.stdin.readable).json() as RawSigningJob);
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(result)));
