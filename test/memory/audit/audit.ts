import { publicKeyLength } from "../../../shared/libcrypto/key_agreement.ts";
import { mappingsOf } from "../../harness/proc/inspect.ts";
import { poll } from "../../harness/poll.ts";
import { type System, withSystem } from "../../harness/system.ts";
import { type CoreKind, foundInCore } from "./core_file.ts";
import { findScalar, scalarGroups } from "./ephemeral_scalar.ts";
import type { NamedSecret } from "./named_secret.ts";
import { PlantedCopy, plantingGround } from "./planted_copy.ts";
import { complaints, type Expectation, lockedRangesOf, processesOf, search } from "./search.ts";
import type { AuditedSession } from "./session.ts";
import {
  beginEachVersion,
  beginEverySession,
  beginOpensslSessions,
  beginResumptions,
  replaceKeptSessions,
} from "./sessions.ts";
import { pinSecrets, ticketKeyFile, ticketKeySecrets } from "./standing_secrets.ts";
import { Tls12Session } from "./tls12_session.ts";

export interface AuditOptions {
  readonly backing: "mlock" | "secretmem";
  /** Sessions of every kind, or one of each version. */
  readonly extent: "everything" | "each version";
  /** Undefined: none is taken, and gdb is not needed. */
  readonly core?: CoreKind;
  readonly say: (line: string) => void;
}

const keys = [
  { name: "www-ecdsa", type: "ecdsa-p256" },
  { name: "www-ecdsa-384", type: "ecdsa-p384" },
  { name: "www-rsa", type: "rsa-2048", known: true, decrypts: true },
] as const;
const poolBytes = 1 << 20;
/** Sessions that the edge keeps by their ids: more than there are. */
const keptSessions = 64;

/** Runs the audit on one backing of the pool and returns what is wrong, in words. */
export async function audit(options: AuditOptions): Promise<string[]> {
  for (const [name, value] of Object.entries(plantingGround)) Deno.env.set(name, value);
  const { backing } = options;
  const found: string[] = [];
  await withSystem({
    keys,
    keyServer: { memory: { backing } },
    edge: ({ folder }) => ({
      memory: { backing, pool_bytes: poolBytes },
      // A search takes longer than a client usually has, most of all on a busy machine.
      limits: { connections: 128, handshake_deadline_ms: 120_000 },
      tls: { rsa_key_exchange: true, session_cache: keptSessions },
      tickets: { source: "files", format: "nginx", files: [`${folder}/ticket.key`] },
    }),
    prepare: ({ folder }) => Deno.writeFile(`${folder}/ticket.key`, ticketKeyFile, { mode: 0o600 }),
  }, async (system) => {
    await new Audit(system, options, found).run();
  });
  return found;
}

class Audit {
  readonly #system: System;
  readonly #options: AuditOptions;
  readonly #found: string[];
  readonly #sessions: AuditedSession[] = [];
  #standing: NamedSecret[] = [];

  constructor(system: System, options: AuditOptions, found: string[]) {
    this.#system = system;
    this.#options = options;
    this.#found = found;
  }

  async run(): Promise<void> {
    const { extent } = this.#options;
    const { endpoint, installation } = this.#system;
    this.#standing = [...ticketKeySecrets(), ...await pinSecrets(installation.token.pinFile)];
    try {
      await this.#lookAtPool();
      this.#sessions.push(
        ...await (extent === "everything" ? beginEverySession : beginEachVersion)(endpoint),
      );
      await this.#look("handshakes that wait for the client", this.#secrets(), { isStrict: false });
      const scalars = await this.#scalars();
      await Promise.all(this.#sessions.map((session) => session.complete()));
      if (extent === "everything") await this.#moreSessions();
      await this.#look("open connections", [...this.#secrets(), ...scalars], { isStrict: true });
      await Promise.all(this.#sessions.map((session) => session.renewKeys()));
      await this.#look("open connections with new keys", this.#secrets(), { isStrict: true });
      await this.#control();
      await this.#lookAtCores("open connections");
      await this.#lookAtKeyServer();
      await Promise.all(this.#sessions.map((session) => session.close()));
      await poll(
        "every connection's end",
        async () => await this.#system.edge.metric("holdfast_edge_connections") === 0,
      );
      await this.#look("closed connections", [...this.#gone(), ...scalars], { isStrict: true });
      if (extent === "everything") await this.#evict(scalars);
    } finally {
      for (const session of this.#sessions.toReversed()) session[Symbol.dispose]();
    }
  }

  async #moreSessions(): Promise<void> {
    const { endpoint } = this.#system;
    const resumptions = await beginResumptions(endpoint, this.#sessions);
    this.#sessions.push(...resumptions);
    await this.#look("resumptions that wait for the client", this.#secrets(), { isStrict: false });
    const others = await beginOpensslSessions(endpoint);
    this.#sessions.push(...others);
    await Promise.all([...resumptions, ...others].map((session) => session.complete()));
  }

  /** What is known now; the ticket key is always in use. */
  #secrets(): NamedSecret[] {
    return [...this.#sessions.flatMap((session) => session.secrets()), ...this.#standing];
  }

  /** The same once no connection is open: sessions may be kept by their ids. */
  #gone(): NamedSecret[] {
    const sessions = this.#sessions.flatMap((session) => session.secrets());
    return [
      ...sessions.map((secret) => ({ ...secret, isKept: secret.isCached === true })),
      ...this.#standing,
    ];
  }

  /** L5: what is kept by its id goes for good when others take its place. */
  async #evict(scalars: readonly NamedSecret[]): Promise<void> {
    await replaceKeptSessions(this.#system.endpoint, keptSessions);
    const secrets = [...this.#gone(), ...scalars].map((secret) =>
      secret.isCached === true ? { ...secret, isKept: false } : secret
    );
    await this.#look("sessions that others have replaced", secrets, { isStrict: true });
  }

  get #canReadLocked(): boolean {
    return this.#options.backing === "mlock";
  }

  async #worker(): Promise<number> {
    const [, worker] = await processesOf(this.#system.edge.pid);
    if (worker === undefined) throw new Error("Cannot audit: the edge has no worker");
    return worker;
  }

  async #look(
    what: string,
    secrets: readonly NamedSecret[],
    { isStrict }: Pick<Expectation, "isStrict">,
  ): Promise<void> {
    const result = await search(await processesOf(this.#system.edge.pid), secrets);
    const wrong = complaints(result, secrets, { canReadLocked: this.#canReadLocked, isStrict });
    const locked = result.sightings.filter((sighting) => sighting.isLocked).length;
    const sizes = `${secrets.length} secrets in ${result.needles} forms, ${megabytes(result.searched)} MiB`;
    this.#tell(`edge, ${what}`, `${sizes}, ${locked} in locked memory`, wrong);
  }

  /** L3: while TLS 1.2 waits for the client's share, the server has its scalar, and nowhere but in the secure heap. */
  async #scalars(): Promise<NamedSecret[]> {
    const worker = await this.#worker();
    const found: NamedSecret[] = [];
    for (const group of scalarGroups) {
      const session = this.#sessions.find((session) =>
        session instanceof Tls12Session && session.serverShare?.length === publicKeyLength(group)
      ) as Tls12Session | undefined;
      if (session === undefined) continue;
      const scalar = await findScalar(worker, group, session.serverShare!);
      const result = await search([worker], [scalar]);
      const wrong = complaints(result, [scalar], { canReadLocked: true, isStrict: true });
      this.#tell(`edge, ${scalar.name} while the handshake waits`, "in the secure heap", wrong);
      found.push({ ...scalar, isKept: false });
    }
    return found;
  }

  /** A search that misses a copy planted in ordinary memory has proved nothing. */
  async #control(): Promise<void> {
    const secret = this.#secrets().find(({ aead }) => aead !== undefined && aead !== "chacha20-poly1305")!;
    const planted = { ...secret, name: "a planted copy", hmac: "sha256" as const };
    for (const pid of [await this.#worker(), this.#system.keyServer.pid]) {
      await using copy = await PlantedCopy.plant(pid, planted);
      const { sightings } = await search([pid], [planted]);
      const seen = new Set(sightings.filter(({ isLocked }) => !isLocked).map(({ form }) => form));
      const missed = copy.forms.filter((form) => !seen.has(form));
      const inCore = await this.#core(pid, [planted]);
      this.#tell(`control in process ${pid}`, `${copy.forms.length} forms planted, ${seen.size} found`, [
        ...missed.map((form) => `planted as ${form} and not found`),
        ...inCore !== undefined && inCore.found.length < copy.forms.length ? ["not found in the core"] : [],
      ]);
    }
  }

  async #lookAtCores(what: string): Promise<void> {
    const { core: kind } = this.#options;
    const { edge } = this.#system;
    // gcore holds the worker for longer than a supervisor that runs would let it be silent.
    edge.signal("SIGSTOP");
    try {
      const core = await this.#core(await this.#worker(), this.#secrets(), kind);
      if (core === undefined) return;
      this.#tell(`edge, core of ${what} by ${kind}`, `${megabytes(core.searched)} MiB`, core.found);
    } finally {
      edge.signal("SIGCONT");
    }
  }

  async #core(pid: number, secrets: readonly NamedSecret[], kind?: CoreKind) {
    return this.#options.core === undefined ? undefined : await foundInCore(pid, secrets, kind);
  }

  /** The premaster and master secrets of RSA key exchange, the PIN, and every other session secret: nowhere. */
  async #lookAtKeyServer(): Promise<void> {
    const { pid } = this.#system.keyServer;
    const secrets = this.#gone().map((secret) => ({ ...secret, isKept: false }));
    const result = await search([pid], secrets);
    const wrong = complaints(result, secrets, { canReadLocked: this.#canReadLocked, isStrict: true });
    this.#tell("key server", `${result.needles} forms, ${megabytes(result.searched)} MiB`, wrong);
    const core = await this.#core(pid, secrets);
    if (core !== undefined) this.#tell("key server, core", `${megabytes(core.searched)} MiB`, core.found);
  }

  /** L19; and that what secretmem holds cannot be read from outside, not even by root. */
  async #lookAtPool(): Promise<void> {
    const worker = await this.#worker();
    if (this.#canReadLocked) {
      const pool = (await lockedRangesOf(worker)).find(({ start, end }) => end - start === poolBytes);
      return this.#tell("edge, the pool", "locked", pool ? [] : ["no locked mapping of the pool's size"]);
    }
    const pool = (await mappingsOf(worker)).find(({ name }) => name.includes("secretmem"));
    const wrong = pool === undefined
      ? ["no mapping of secretmem"]
      : await canRead(worker, pool.start)
      ? ["secretmem can be read from outside"]
      : [];
    this.#tell("edge, the pool", "secretmem, which cannot be read through /proc/PID/mem", wrong);
  }

  #tell(what: string, how: string, wrong: readonly string[]): void {
    this.#options.say(`${wrong.length === 0 ? "ok  " : "FAIL"} ${what}: ${how}`);
    for (const line of wrong) {
      this.#options.say(`     ${line}`);
      this.#found.push(`${what}: ${line}`);
    }
  }
}

const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);

async function canRead(pid: number, address: number): Promise<boolean> {
  using memory = await Deno.open(`/proc/${pid}/mem`);
  await memory.seek(address, Deno.SeekMode.Start);
  return await memory.read(new Uint8Array(16)).then(() => true, () => false);
}
