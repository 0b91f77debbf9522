import { HoldfastError } from "../errors.ts";

/** Bytes from outside do not have the form they must have: too short, too long, or something left over. */
export class DecodeError extends HoldfastError {
  constructor(message: string, options?: ErrorOptions) {
    super("decode-error", message, options);
  }
}

/** Our own code asked for something that has no encoding: a number or a vector out of range. */
export class EncodeError extends HoldfastError {
  constructor(message: string, options?: ErrorOptions) {
    super("encode-error", message, options);
  }
}
