import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { ticketKeyNameLength } from "../../tls/tickets/ticket_key_provider.ts";
import { TicketKeyFileError } from "../errors.ts";
import { Base64Line } from "./base64_line.ts";
import { entryLengths, type KeyMaterial } from "./key_material.ts";
import type { KeyFile } from "./open_key_file.ts";

/**
 * The last keys, `most` or fewer, of a file as HAProxy has it (tls-ticket-keys), in the file's order: a line of base64
 * for each, of 48 or 80 bytes, all alike. What is read goes through one block of the pool and is decoded into others.
 * Throws {@link TicketKeyFileError}, which names the line.
 */
export function readHaproxyKeys(pool: LockedPool, file: KeyFile, most: number): KeyMaterial[] {
  const lines = new LineReader(pool, file.path, most);
  try {
    using chunk = pool.rent(pool.blockSize);
    for (let length = file.read(chunk.bytes); length > 0; length = file.read(chunk.bytes)) {
      for (let index = 0; index < length; index++) lines.push(chunk.bytes[index]!);
    }
    return lines.finish();
  } catch (error) {
    lines.discard();
    throw error;
  }
}

/** Cuts a file into lines, each of them decoded as it comes. */
class LineReader {
  readonly #pool: LockedPool;
  readonly #path: string;
  readonly #most: number;
  #number = 1;
  #name = new Uint8Array(ticketKeyNameLength);
  #material: Secret | undefined;
  #line: Base64Line;
  #keys: KeyMaterial[] = [];

  constructor(pool: LockedPool, path: string, most: number) {
    this.#pool = pool;
    this.#path = path;
    this.#most = most;
    this.#line = this.#nextLine();
  }

  push(character: number): void {
    if (character === lineFeed) this.#endLine();
    else if (character !== carriageReturn) this.#line.push(character);
  }

  finish(): KeyMaterial[] {
    this.#endLine();
    return this.#keys;
  }

  discard(): void {
    this.#material?.[Symbol.dispose]();
    for (const key of this.#keys) key[Symbol.dispose]();
  }

  #nextLine(): Base64Line {
    this.#name = new Uint8Array(ticketKeyNameLength);
    this.#material = undefined;
    const longest = entryLengths[1];
    return new Base64Line((index, byte) => {
      if (index < ticketKeyNameLength) this.#name[index] = byte;
      else if (index < longest) {
        this.#material ??= this.#pool.rent(longest - ticketKeyNameLength);
        this.#material.bytes[index - ticketKeyNameLength] = byte;
      }
    });
  }

  #endLine(): void {
    if (!this.#line.isEmpty) {
      const isWhole = this.#line.finish();
      if (!isWhole) throw this.#refusal("it is not base64 (RFC 4648), one key a line");
      this.#takeKey(this.#line.length);
    }
    this.#line = this.#nextLine();
    this.#number++;
  }

  #takeKey(length: number): void {
    if (!entryLengths.some((known) => known === length)) {
      throw this.#refusal(
        `it is of ${length} bytes; expected 48 or 80 (openssl rand 80 | openssl base64 -A)`,
      );
    }
    const before = this.#keys[0]?.material.length;
    if (before !== undefined && before + ticketKeyNameLength !== length) {
      throw this.#refusal(
        `it is of ${length} bytes, the first of ${before + ticketKeyNameLength}: expected all alike`,
      );
    }
    const material = this.#cutTo(length - ticketKeyNameLength);
    this.#keys.push({ name: this.#name, material, [Symbol.dispose]: () => material[Symbol.dispose]() });
    if (this.#keys.length > this.#most) this.#keys.shift()![Symbol.dispose]();
  }

  /** The material in a secret of its own length, which its length tells. */
  #cutTo(length: number): Secret {
    const whole = this.#material!;
    const cut = length === whole.length ? whole : this.#pool.rent(length);
    this.#material = undefined;
    if (cut === whole) return whole;
    cut.bytes.set(whole.bytes.subarray(0, length));
    whole[Symbol.dispose]();
    return cut;
  }

  #refusal(reason: string): TicketKeyFileError {
    return new TicketKeyFileError(this.#path, `line ${this.#number}: ${reason}`);
  }
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
