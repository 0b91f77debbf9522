/** Signs as fast as a token can, in a process of its own: a RawJob from stdin, its RawResult to stdout. */
import pkcs11js, { type Handle } from "pkcs11js";
import { findPrivateKey, readPublicKey } from "../../../../key-server/token/key_finder.ts";
import { Login } from "../../../../key-server/token/login.ts";
import { Pkcs11Module } from "../../../../key-server/token/module.ts";
import { candidateMethods } from "../../../../key-server/token/signing_methods.ts";
import { findSlot } from "../../../../key-server/token/slot.ts";
import { TokenCaller } from "../../../../key-server/token/token_calls.ts";
import { parsePkcs11Uri } from "../../../../key-server/token/uri.ts";
import { readSecret } from "../../../../shared/config/secret_source.ts";
import { cpuBetween, readCpu } from "../../measure/cpu_time.ts";
import { percentile } from "../../measure/statistics.ts";
import { Arrivals } from "../arrivals.ts";
import type { RawJob, RawResult, RawThreadJob, RawWay } from "./job.ts";
import { signElsewhere, signForSeconds, type Signing } from "./sign_loop.ts";

/** The milliseconds of each signature, and of how many seconds they are. */
interface Signed {
  readonly times: number[];
  readonly seconds: number;
}

async function sign(
  way: RawWay,
  signing: Signing,
  sessions: readonly Handle[],
  seconds: number,
): Promise<Signed> {
  switch (way.kind) {
    case "thread":
      return { times: signForSeconds(signing, sessions[0]!, seconds), seconds };
    case "threads":
      return { times: (await inThreads(signing, sessions, seconds)).flat(), seconds };
    case "sessions":
      return {
        times: (await Promise.all(sessions.map((one) => again(signing, one, seconds)))).flat(),
        seconds,
      };
    case "arrivals":
      return await atRate(signing, sessions, way.rate, seconds);
  }
}

async function again(signing: Signing, session: Handle, seconds: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  for (let began = performance.now(); began < end;) {
    await signElsewhere(signing, session);
    const now = performance.now();
    times.push(now - began);
    began = now;
  }
  return times;
}

async function inThreads(
  signing: Signing,
  sessions: readonly Handle[],
  seconds: number,
): Promise<number[][]> {
  const { calls, key, mechanism, data } = signing;
  const threads = sessions.map(() => new Worker(import.meta.resolve("./thread.ts"), { type: "module" }));
  const next = (thread: Worker) =>
    new Promise<unknown>((resolve) => thread.onmessage = ({ data }) => resolve(data));
  await Promise.all(threads.map(next));
  const results = await Promise.all(threads.map((thread, index) => {
    const job = { modulePath: calls.libPath, key, mechanism, data, seconds, session: sessions[index]! };
    thread.postMessage(job satisfies RawThreadJob);
    return next(thread) as Promise<number[]>;
  }));
  for (const thread of threads) thread.terminate();
  return results;
}

/** Each arrival takes a session when one is free, in their order. */
async function atRate(
  signing: Signing,
  sessions: readonly Handle[],
  rate: number,
  seconds: number,
): Promise<Signed> {
  using arrivals = await Arrivals.start(rate, seconds);
  const times: number[] = [];
  let taken = 0;
  await Promise.all(sessions.map(async (session) => {
    while (taken < arrivals.count) {
      const mine = taken++;
      await arrivals.moreThan(mine);
      await signElsewhere(signing, session);
      times.push(performance.now() - arrivals.timeOf(mine));
    }
  }));
  return { times, seconds: (performance.now() - arrivals.timeOf(0)) / 1000 };
}

async function run(job: RawJob): Promise<RawResult> {
  const uri = parsePkcs11Uri(job.uri);
  await using module = await Pkcs11Module.load(uri.modulePath!);
  using caller = new TokenCaller(module.addon, module.path);
  const { addon: calls } = module;
  const slot = await findSlot(caller.calls, uri);
  const count = job.way.kind === "thread" ? 1 : job.way.count;
  const sessions = Array.from(
    { length: count },
    () => calls.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION),
  );
  using login = new Login(module.path, () => readSecret(`file:${job.pinFile}`, "/"));
  await login.logIn(caller.calls, slot, sessions[0]!);
  const key = await findPrivateKey(caller.calls, sessions[0]!, { object: job.label });
  const { keyType, keyBits } = await readPublicKey(caller.calls, sessions[0]!, key);
  const { mechanism, data } = candidateMethods[keyType][0]!.prepare(new Uint8Array(130), keyBits);
  const signing = { calls, key, mechanism, data };
  signForSeconds(signing, sessions[0]!, Math.min(0.2, job.seconds)); // compiled, and the key in the module's caches
  const before = await readCpu([Deno.pid]);
  const { times, seconds } = await sign(job.way, signing, sessions, job.seconds);
  const cpu = cpuBetween(before, await readCpu([Deno.pid]));
  const sorted = times.toSorted((a, b) => a - b);
  return {
    rate: times.length / seconds,
    cpuMicroseconds: cpu / times.length,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    p999: percentile(sorted, 0.999),
  };
}

const result = await run(await new Response(Deno.stdin.readable).json() as RawJob);
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(result)));
