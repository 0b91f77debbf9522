import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { FileTicketKeys } from "../files/file_ticket_keys.ts";
import type { KeyFileFormat } from "../files/load_key_files.ts";
import { LocalTicketKeys } from "../local_ticket_keys.ts";
import { HubStage } from "./hub_stage.ts";
import { SiblingStage } from "./sibling_stage.ts";
import type { ProviderUnderTest } from "./provider_conformance.ts";

const hour = 3600 * 1000;

export function localProvider(): ProviderUnderTest {
  const pool = LockedPool.open({ totalBytes: 64 * 64 });
  let now = 0;
  const keys = new LocalTicketKeys({ pool, now: () => now });
  const pass = (milliseconds: number) => {
    now += milliseconds;
    keys.tick();
  };
  return {
    pool,
    keys,
    renew: () => pass(12 * hour),
    retire: () => pass(12 * hour),
    [Symbol.dispose]: () => keys[Symbol.dispose](),
  };
}

/** The keys as a worker sees them that does not own them: made by another, brought by the post. */
export function sharedProvider(): ProviderUnderTest {
  const stage = new SiblingStage();
  stage.start(1);
  const sibling = stage.start(2);
  return {
    pool: sibling.pool,
    keys: sibling.keys,
    renew: () => stage.pass(12 * hour, 5000),
    retire: () => stage.pass(12 * hour),
    [Symbol.dispose]: () => stage.end(),
  };
}

/** The keys of one of two edges, each of which waits for the other. */
export function hubProvider(): ProviderUnderTest {
  const stage = new HubStage();
  const { pool, keys, member } = stage.start(0);
  stage.start(1);
  stage.pass(5000);
  return {
    pool,
    keys,
    renew: () => stage.pass(12 * hour, 5000),
    retire: () => stage.pass(12 * hour),
    [Symbol.dispose]: () => {
      stage.edges.delete(0);
      member[Symbol.dispose]();
      keys[Symbol.dispose]();
      stage[Symbol.dispose]();
    },
  };
}

/** Text of `count` fresh lines in HAProxy's format. */
export function haproxyLines(count: number, length = 80): string {
  return Array.from({ length: count }, () => `${btoa(String.fromCharCode(...fresh(length)))}\n`).join("");
}

/** Random bytes for a file; of a test only, so they may lie in ordinary memory. */
export function fresh(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function fileProvider(format: KeyFileFormat, length: number): ProviderUnderTest {
  const folder = Deno.makeTempDirSync();
  const pool = LockedPool.open({ totalBytes: 64 * 64 });
  const files = format === "nginx" ? new NginxFiles(folder, length) : new HaproxyFile(folder, length);
  const keys = new FileTicketKeys({
    pool,
    format,
    paths: files.paths,
    onRefused: (error) => {
      throw error;
    },
  });
  return {
    pool,
    keys,
    renew: () => {
      files.renew();
      keys.tick();
    },
    retire: () => {
      files.retire();
      keys.tick();
    },
    [Symbol.dispose]: () => {
      keys[Symbol.dispose]();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

/** Three files; a renewal moves each key one file on and drops the last. */
class NginxFiles {
  readonly paths: string[];

  constructor(folder: string, readonly length: number) {
    this.paths = ["current", "previous", "oldest"].map((name) => `${folder}/${name}`);
    for (const path of this.paths) writeAnew(path, fresh(length));
  }

  renew(): void {
    const [current, previous, oldest] = this.paths as [string, string, string];
    Deno.renameSync(previous, oldest);
    Deno.renameSync(current, previous);
    writeAnew(current, fresh(this.length));
  }

  /** A renewal has pushed the oldest out already; this pushes out one more. */
  retire(): void {
    writeAnew(this.paths[2]!, fresh(this.length));
  }
}

/** One file: a renewal appends a line. */
class HaproxyFile {
  readonly paths: string[];
  #text: string;

  constructor(folder: string, readonly length: number) {
    this.paths = [`${folder}/keys`];
    this.#text = haproxyLines(3, length);
    writeAnew(this.paths[0]!, this.#text);
  }

  renew(): void {
    this.#text += haproxyLines(1, this.length);
    writeAnew(this.paths[0]!, this.#text);
  }

  retire(): void {
    this.renew();
  }
}

/** Puts a new file of mode 0600 in place at once. */
export function writeAnew(path: string, content: Uint8Array | string): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  Deno.writeFileSync(`${path}.new`, bytes, { mode: 0o600 });
  Deno.renameSync(`${path}.new`, path);
}
