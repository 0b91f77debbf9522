import { ContentType } from "../../../shared/tls_constants.ts";
import {
  type HandshakeMessage,
  parseHandshake,
  splitHandshakeMessages,
} from "../../../shared/tls_messages/handshake.ts";
import { readRecordings } from "./recording.ts";

const traces = ["simple_1rtt", "hello_retry_request", "resumed_0rtt"];

/** The handshake messages that went in the clear in one direction: those before the first change_cipher_spec. */
export function clearHandshakeMessages(stream: Uint8Array): HandshakeMessage[] {
  const fragments: number[] = [];
  for (let at = 0; at + 5 <= stream.length;) {
    const length = stream[at + 3]! << 8 | stream[at + 4]!;
    if (stream[at] !== ContentType.handshake) break;
    fragments.push(...stream.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return splitHandshakeMessages(Uint8Array.from(fragments));
}

/** The handshake messages of RFC 8448, decrypted ones included. */
export function tracedHandshakeMessages(): HandshakeMessage[] {
  const messages: HandshakeMessage[] = [];
  for (const trace of traces) {
    const url = new URL(`../../vectors/rfc8448/${trace}.json`, import.meta.url);
    const fields = Object.entries(JSON.parse(Deno.readTextFileSync(url)) as Record<string, string>);
    for (const [name, value] of fields) {
      if (
        /Hello|Extensions$|^certificate|Finished$|Ticket$|EarlyData$|RetryRequest$/.test(name) &&
        !name.includes("Hash")
      ) {
        messages.push(parseHandshake(Uint8Array.fromHex(value)));
      }
    }
  }
  return messages;
}

/** Every handshake message that we have from others. */
export function recordedHandshakeMessages(): HandshakeMessage[] {
  const streams = readRecordings().flatMap(({ fromClient, fromServer }) => [fromClient, fromServer]);
  return [...streams.flatMap(clearHandshakeMessages), ...tracedHandshakeMessages()];
}
