import { concatenate } from "../../../shared/codec/concatenate.ts";
import { TlsError } from "../../../shared/tls_messages/errors.ts";
import { splitHandshakeMessages } from "../../../shared/tls_messages/handshake.ts";
import { longestHandshakeBody } from "../../../shared/tls_messages/handshake_limits.ts";
import { HandshakeReassembler } from "../../../shared/tls_messages/handshake_reassembler.ts";
import { ByteSource } from "../byte_source.ts";
import { recordedHandshakeMessages } from "../corpus/handshake_seeds.ts";
import { type FuzzSubject, type FuzzTarget, promise, sameBytes } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";

/** Fragments of any length: what comes out must be what a splitter sees that has all bytes at once. */
class HandshakeStreamSubject implements FuzzSubject {
  readonly seeds: readonly Uint8Array[] = recordedHandshakeMessages().map(({ raw }) =>
    Uint8Array.of(0, 7, ...raw.subarray(0, 600))
  );

  run(input: Uint8Array): string {
    const source = new ByteSource(input);
    const [first, step] = [source.byte(), source.byte()];
    const bytes = source.rest();
    return outcomeOf(() => {
      const whole = this.#reassemble(bytes, first, step);
      const split = splitHandshakeMessages(bytes.subarray(0, whole.length));
      promise(sameBytes(concatenate(split.map(({ raw }) => raw)), whole), "reassembly and splitting differ");
      return `${split.length} messages`;
    }, TlsError);
  }

  #reassemble(bytes: Uint8Array, first: number, step: number): Uint8Array {
    const reassembler = new HandshakeReassembler();
    const messages: Uint8Array[] = [];
    for (let at = 0, length = first; at < bytes.length; at += length, length = 1 + (length + step) % 97) {
      reassembler.push(bytes.slice(at, at + length));
      for (let message = reassembler.next(); message !== undefined; message = reassembler.next()) {
        promise(
          message.body.length <= longestHandshakeBody(message.type),
          "a message over its limit came out",
        );
        messages.push(message.raw);
      }
    }
    const whole = concatenate(messages);
    promise(reassembler.isEmpty === (whole.length === bytes.length), "isEmpty does not say what is held");
    promise(sameBytes(whole, bytes.subarray(0, whole.length)), "reassembled bytes differ from those sent");
    return whole;
  }
}

export const handshakeStreamTarget: FuzzTarget = {
  name: "handshake-stream",
  about: "the reassembly of handshake messages from fragments of any length",
  share: 2,
  open: () => new HandshakeStreamSubject(),
};
