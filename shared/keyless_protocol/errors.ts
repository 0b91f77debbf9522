import { HoldfastError } from "../errors.ts";

/** Every way in which a key server refuses: stable names, for logs and metrics, with the numbers on the wire. */
export const keylessErrorNumbers = {
  "not-authorised": 1,
  "unknown-key": 2,
  "bad-request": 3,
  "overloaded": 4,
  "deadline-passed": 5,
  "token-failure": 6,
  "rate-limited": 7,
} as const;

/** The errors by name; PROTOCOL.md says which are worth another try. */
export type KeylessErrorCode = keyof typeof keylessErrorNumbers;

/** The longest reason that an error answer carries, in bytes of UTF-8. */
export const maximumReasonLength = 255;

const codesByNumber = new Map<number, KeylessErrorCode>(
  (Object.keys(keylessErrorNumbers) as KeylessErrorCode[]).map((code) => [keylessErrorNumbers[code], code]),
);

/** The name of an error's number; undefined for a number that version 1 does not define. */
export function keylessErrorCode(number: number): KeylessErrorCode | undefined {
  return codesByNumber.get(number);
}

/**
 * A refusal that travels as an error answer.
 *
 * `reason` is short and public: it reaches the edge's log. It never tells what a token said, which keys exist,
 * or anything of a secret; details for the operator go into `cause` and so into the key server's log only.
 */
export class KeylessError extends HoldfastError {
  override readonly code: KeylessErrorCode;
  readonly reason: string;

  constructor(code: KeylessErrorCode, reason: string, options?: ErrorOptions) {
    super(code, `Cannot answer the key operation: ${reason}`, options);
    this.code = code;
    this.reason = reason;
  }
}

/** What came over the channel does not follow the protocol: the connection that sent it has to be closed. */
export class ProtocolError extends HoldfastError {
  constructor(message: string, options?: ErrorOptions) {
    super("keyless-protocol", message, options);
  }
}
