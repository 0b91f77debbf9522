/**
 * For token_test.ts: works with a token in a process of its own, because a module reads SOFTHSM2_CONF only once and is
 * one for the whole process. Reads a job from stdin and prints its result, both JSON.
 */
import { KeylessError } from "../../shared/keyless_protocol/errors.ts";
import { TokenError } from "./errors.ts";
import { generateKeyPair } from "./generate.ts";
import type { KeyAlgorithm } from "./key_templates.ts";
import { Pkcs11Module } from "./module.ts";
import { Token } from "./token.ts";
import type { TokenKey } from "./token_key.ts";
import { parsePkcs11Uri } from "./uri.ts";

export interface TokenTestJob {
  readonly uri: string;
  readonly pin: string;
  readonly generate?: readonly KeyAlgorithm[];
  readonly load?: readonly string[];
  readonly scenario?: "concurrent" | "late" | "lost" | "removed";
  readonly tokensFolder?: string;
  /** 4 unless told. */
  readonly sessions?: number;
}

export interface LoadedKeyReport {
  readonly label: string;
  readonly keyType: string;
  readonly subjectPublicKeyInfo: string;
  readonly subjectKeyIdentifier: string;
  readonly schemes: number[];
  readonly methods: string[];
  readonly attributes: unknown;
  readonly signatures: Record<string, string>;
}

export interface TokenTestResult {
  readonly generated?: Record<string, string>;
  readonly keys?: LoadedKeyReport[];
  readonly scenario?: unknown;
  readonly error?: { name: string; code: string; message: string };
}

const message = new TextEncoder().encode("a message of a test");
const neverLate = () => false;
const job = await new Response(Deno.stdin.readable).json() as TokenTestJob;
let pinReads = 0;
const readPin = () => {
  pinReads++;
  return Promise.resolve(new TextEncoder().encode(job.pin));
};

async function generateAll(algorithms: readonly KeyAlgorithm[]): Promise<Record<string, string>> {
  const generated: Record<string, string> = {};
  for (const algorithm of algorithms) {
    const info = await generateKeyPair({ uri: job.uri, readPin }, { label: algorithm, algorithm });
    generated[algorithm] = info.toHex();
  }
  return generated;
}

async function report(label: string, key: TokenKey): Promise<LoadedKeyReport> {
  const signatures: Record<string, string> = {};
  for (const scheme of key.signatureSchemes) {
    signatures[scheme] = (await key.sign(scheme, message, neverLate)).toHex();
  }
  return {
    label,
    keyType: key.publicKey.keyType,
    subjectPublicKeyInfo: key.publicKey.subjectPublicKeyInfo.toHex(),
    subjectKeyIdentifier: key.publicKey.subjectKeyIdentifier.toHex(),
    schemes: key.signatureSchemes,
    methods: key.refused.map(({ method }) => method),
    attributes: key.attributes,
    signatures,
  };
}

/** 300 signatures at once over the pool: how many were in the token at most, and in which order they came. */
async function concurrent(token: Token, key: TokenKey): Promise<unknown> {
  const [scheme] = key.signatureSchemes;
  let mostInUse = 0;
  const order: number[] = [];
  const signatures = await Promise.all(Array.from({ length: 300 }, async (_, i) => {
    const content = new TextEncoder().encode(`message ${i}`);
    const signature = await key.sign(scheme!, content, neverLate);
    mostInUse = Math.max(mostInUse, token.pool.inUse);
    order.push(i);
    return [new TextDecoder().decode(content), signature.toHex()];
  }));
  const displacement = Math.max(...order.map((i, place) => Math.abs(i - place)));
  return { signatures, mostInUse, displacement, inUse: token.pool.inUse, waiting: token.pool.waiting };
}

async function codeOf(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
    return "done";
  } catch (error) {
    return error instanceof TokenError || error instanceof KeylessError ? error.code : String(error);
  }
}

/** All sessions are closed behind the pool's back, as a token does that was reset. */
async function lost(token: Token, key: TokenKey): Promise<unknown> {
  const sign = () => key.sign(key.signatureSchemes[0]!, message, neverLate);
  const { calls } = token;
  await calls.C_CloseAllSessions((await calls.C_GetSlotList(true))[0]!);
  const afterLoss = [await codeOf(sign), await codeOf(sign)];
  await Promise.all([token.reopen(), token.reopen()]);
  return { afterLoss, afterReopening: await codeOf(sign), probe: await codeOf(() => key.probe()), pinReads };
}

/** The token's files vanish and come back. */
async function removed(token: Token, key: TokenKey): Promise<unknown> {
  const sign = () => key.sign(key.signatureSchemes[0]!, message, neverLate);
  const folder = job.tokensFolder!;
  await Deno.rename(folder, `${folder}.away`);
  const away = await codeOf(sign);
  await Deno.rename(`${folder}.away`, folder);
  await codeOf(() => token.reopen());
  return { away, back: await codeOf(sign) };
}

async function scenario(token: Token, key: TokenKey): Promise<unknown> {
  // SoftHSM does not survive that a session is closed behind its back while it signs.
  await key.measured;
  switch (job.scenario) {
    case "concurrent":
      return await concurrent(token, key);
    case "late":
      return await codeOf(() => key.sign(key.signatureSchemes[0]!, message, () => true));
    case "lost":
      return await lost(token, key);
    case "removed":
      return await removed(token, key);
    default:
      return undefined;
  }
}

async function run(): Promise<TokenTestResult> {
  const generated = await generateAll(job.generate ?? []);
  if (job.load === undefined) return { generated };
  const uri = parsePkcs11Uri(job.uri);
  await using module = await Pkcs11Module.load(uri.modulePath!);
  const token = await Token.open(module, { uri, sessions: job.sessions ?? 4, readPin });
  try {
    const keys: LoadedKeyReport[] = [];
    let first: TokenKey | undefined;
    for (const label of job.load) {
      const key = await token.loadKey({ object: label });
      first ??= key;
      keys.push(await report(label, key));
    }
    return { generated, keys, scenario: first && await scenario(token, first) };
  } finally {
    await token.close();
  }
}

function print(result: TokenTestResult): void {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(result)));
}

try {
  print(await run());
} catch (error) {
  const { name, code, message } = error as TokenError;
  print({ error: { name, code, message } });
}
