import { DecodeError } from "./errors.ts";

/**
 * Reads big-endian numbers and length-prefixed vectors from a byte array, and never past its end.
 *
 * Every `Uint8Array` that it returns is a view onto the bytes given to the constructor: it lives and changes with
 * them. Copy (`slice`) what must outlive the buffer. Every method throws DecodeError when the bytes run out.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #position: number;
  readonly #limit: number;

  /** `what` names the thing being read, for error messages. `start` and `limit` are offsets into `bytes`. */
  constructor(bytes: Uint8Array, what = "bytes", start = 0, limit: number = bytes.length) {
    this.#bytes = bytes;
    this.#what = what;
    this.#position = start;
    this.#limit = limit;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#limit - this.#position;
  }

  /** The offset of the next byte in the array given to the constructor; nested readers count in the same array. */
  get position(): number {
    return this.#position;
  }

  u8(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  u16(): number {
    const at = this.#advance(2);
    return this.#bytes[at]! << 8 | this.#bytes[at + 1]!;
  }

  u24(): number {
    const at = this.#advance(3);
    return this.#bytes[at]! << 16 | this.#bytes[at + 1]! << 8 | this.#bytes[at + 2]!;
  }

  u32(): number {
    const at = this.#advance(4);
    const low = this.#bytes[at + 1]! << 16 | this.#bytes[at + 2]! << 8 | this.#bytes[at + 3]!;
    return this.#bytes[at]! * 0x1000000 + low;
  }

  u64(): bigint {
    return BigInt(this.u32()) << 32n | BigInt(this.u32());
  }

  /** The next `length` bytes, as a view. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Everything that is left, as a view; may be empty. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /** A vector with a length of one byte, as a view; fewer than `floor` bytes are refused. */
  vector8(floor = 0, ceiling = 0xff): Uint8Array {
    return this.bytes(this.#bounded(this.u8(), floor, ceiling));
  }

  /** A vector with a length of two bytes, as a view. */
  vector16(floor = 0, ceiling = 0xffff): Uint8Array {
    return this.bytes(this.#bounded(this.u16(), floor, ceiling));
  }

  /** A vector with a length of three bytes, as a view. */
  vector24(floor = 0, ceiling = 0xffffff): Uint8Array {
    return this.bytes(this.#bounded(this.u24(), floor, ceiling));
  }

  /** A reader of a vector with a length of one byte; call its `end` when done. */
  nested8(floor = 0, ceiling = 0xff): ByteReader {
    return this.#nested(this.#bounded(this.u8(), floor, ceiling));
  }

  /** A reader of a vector with a length of two bytes; call its `end` when done. */
  nested16(floor = 0, ceiling = 0xffff): ByteReader {
    return this.#nested(this.#bounded(this.u16(), floor, ceiling));
  }

  /** A reader of a vector with a length of three bytes; call its `end` when done. */
  nested24(floor = 0, ceiling = 0xffffff): ByteReader {
    return this.#nested(this.#bounded(this.u24(), floor, ceiling));
  }

  /** A vector of two-byte numbers with a length of two bytes, at least `floor` bytes long. */
  u16Vector16(floor = 0): number[] {
    return this.nested16(floor).u16sToEnd();
  }

  /** Two-byte numbers up to the end. */
  u16sToEnd(): number[] {
    const numbers: number[] = [];
    while (this.remaining > 0) numbers.push(this.u16());
    return numbers;
  }

  /** Throws unless everything has been read. */
  end(): void {
    if (this.remaining !== 0) throw this.refuse(`${this.remaining} bytes are left over`);
  }

  /** A DecodeError that names what is being read, for callers that find a value out of its range. */
  refuse(why: string): DecodeError {
    return new DecodeError(`Cannot read ${this.#what}: ${why}`);
  }

  #advance(length: number): number {
    const at = this.#position;
    if (length > this.#limit - at) {
      throw this.refuse(`${length} bytes are wanted and ${this.#limit - at} are left`);
    }
    this.#position = at + length;
    return at;
  }

  #bounded(length: number, floor: number, ceiling: number): number {
    if (length < floor || length > ceiling) {
      throw this.refuse(`a vector of ${length} bytes must have ${floor} to ${ceiling}`);
    }
    return length;
  }

  #nested(length: number): ByteReader {
    const at = this.#advance(length);
    return new ByteReader(this.#bytes, this.#what, at, at + length);
  }
}
