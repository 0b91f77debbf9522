import { TicketKeyFileError } from "../../../edge-terminator/ticket_keys/errors.ts";
import { readHaproxyKeys } from "../../../edge-terminator/ticket_keys/files/haproxy_key_file.ts";
import type { KeyMaterial } from "../../../edge-terminator/ticket_keys/files/key_material.ts";
import { readNginxKey } from "../../../edge-terminator/ticket_keys/files/nginx_key_file.ts";
import type { KeyFile } from "../../../edge-terminator/ticket_keys/files/open_key_file.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { type FuzzSubject, type FuzzTarget, promise, sameBytes } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";
import { Random } from "../random.ts";

const mostKeys = 3;

function fileOf(content: Uint8Array): KeyFile {
  let at = 0;
  const read = (buffer: Uint8Array) => {
    const piece = content.subarray(at, at + buffer.length);
    buffer.set(piece);
    at += piece.length;
    return piece.length;
  };
  return { path: "keys", size: content.length, modifiedAt: 0, read, [Symbol.dispose]: () => {} };
}

/** What a file's keys must be, read in a way that needs no care for secrets. Only for files that are taken. */
type Reference = (content: Uint8Array) => Uint8Array[];

const nginx: Reference = (content) => [content];
const haproxy: Reference = (content) =>
  new TextDecoder("latin1").decode(content).replaceAll("\r", "").split("\n")
    .filter((line) => line !== "")
    .map((line) => Uint8Array.fromBase64(line, { lastChunkHandling: "strict" }))
    .slice(-mostKeys);

/** A key file is taken for exactly what it says, or refused; no block of the pool stays behind. */
class KeyFileSubject implements FuzzSubject {
  readonly #pool = LockedPool.open({ totalBytes: 64 * 32 });
  readonly #read: (pool: LockedPool, file: KeyFile) => KeyMaterial[];
  readonly #reference: Reference;

  constructor(
    read: (pool: LockedPool, file: KeyFile) => KeyMaterial[],
    reference: Reference,
    readonly seeds: readonly Uint8Array[],
  ) {
    this.#read = read;
    this.#reference = reference;
  }

  run(input: Uint8Array): string {
    const words = outcomeOf(() => this.#take(input), TicketKeyFileError);
    promise(this.#pool.blocksInUse === 0, "blocks were not returned");
    return words;
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }

  #take(input: Uint8Array): string {
    const keys = this.#read(this.#pool, fileOf(input));
    const entries = keys.map(({ name, material }) => Uint8Array.of(...name, ...material.bytes));
    for (const key of keys) key[Symbol.dispose]();
    const expected = this.#reference(input);
    const same = entries.length === expected.length &&
      entries.every((entry, at) => sameBytes(entry, expected[at]!));
    promise(same, "the keys are not those of the file");
    return `${keys.length} keys of ${entries[0]?.length} bytes`;
  }
}

const random = new Random(5077);
const utf8 = new TextEncoder();
const linesOf = (length: number, count: number, end: string) =>
  utf8.encode(Array.from({ length: count }, () => random.bytes(length).toBase64() + end).join(""));

export const ticketKeyFileTargets: readonly FuzzTarget[] = [
  {
    name: "ticket-key-file-nginx",
    about: "ticket key files as nginx has them",
    open: () =>
      new KeyFileSubject((pool, file) => [readNginxKey(pool, file)], nginx, [
        random.bytes(48),
        random.bytes(80),
      ]),
  },
  {
    name: "ticket-key-file-haproxy",
    about: "ticket key files as HAProxy has them",
    open: () =>
      new KeyFileSubject((pool, file) => readHaproxyKeys(pool, file, mostKeys), haproxy, [
        linesOf(48, 1, ""),
        linesOf(48, 2, "\n"),
        linesOf(80, 5, "\r\n"),
        linesOf(80, 1, "\n\n"),
      ]),
  },
];
