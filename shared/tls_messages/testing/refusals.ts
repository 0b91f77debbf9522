import assert from "node:assert/strict";
import { AlertDescription } from "../../tls_constants.ts";
import { TlsError } from "../errors.ts";
import { type HandshakeMessage, parseHandshake } from "../handshake.ts";

/** Asserts that `act` throws a TlsError with this alert and, when given, this reason. */
export function assertRefused(
  act: () => unknown,
  alert: keyof typeof AlertDescription,
  reason?: string,
): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof TlsError, `${error} is no TlsError`);
    assert.equal(error.alert, AlertDescription[alert], error.message);
    if (reason !== undefined) assert.equal(error.reason, reason, error.message);
    assert.match(error.message, /^Cannot /);
    return true;
  });
}

/** The message with another body and a header that fits it. */
export function withBody(message: HandshakeMessage, body: Uint8Array): HandshakeMessage {
  const raw = new Uint8Array(4 + body.length);
  raw.set([message.type, body.length >> 16, body.length >> 8 & 0xff, body.length & 0xff]);
  raw.set(body, 4);
  return parseHandshake(raw);
}

/** The bytes with one more at the end. */
export function withTrailingByte(bytes: Uint8Array): Uint8Array {
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  return longer;
}
