import fc from "fast-check";
import { decodeAnswer, encodeAnswer, type KeylessAnswer } from "../../../shared/keyless_protocol/answers.ts";
import { KeylessError, ProtocolError } from "../../../shared/keyless_protocol/errors.ts";
import { encodeFrame, type Frame, FrameReader } from "../../../shared/keyless_protocol/frame.ts";
import { decodeRequest, encodeRequest } from "../../../shared/keyless_protocol/requests.ts";
import { keylessRequests } from "../../../shared/keyless_protocol/testing/arbitraries.ts";
import { type FuzzSubject, type FuzzTarget, promise, sameBytes } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";

/** A byte stream of frames, cut by its first byte; each frame is read as what this side of the protocol expects. */
class KeylessSubject implements FuzzSubject {
  readonly seeds: readonly Uint8Array[];
  readonly #read: (frame: Frame) => Uint8Array;

  /** `read` decodes a frame and encodes it again. */
  constructor(frames: readonly Uint8Array[], read: (frame: Frame) => Uint8Array) {
    this.seeds = frames.map((frame, index) => Uint8Array.of(index % 2 === 0 ? 0 : 13, ...frame));
    this.#read = read;
  }

  run(input: Uint8Array): string {
    const step = input[0] === undefined || input[0] === 0 ? Infinity : input[0];
    const bytes = input.subarray(1);
    const reader = new FrameReader();
    const outcomes: string[] = [];
    return outcomeOf(() => {
      for (let at = 0; at < bytes.length; at += step) {
        reader.push(bytes.slice(at, at + step));
        for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
          outcomes.push(this.#readOne(frame));
        }
      }
      return outcomes.slice(0, 3).join(", ");
    }, ProtocolError);
  }

  #readOne(frame: Frame): string {
    return outcomeOf(
      () => {
        const again = this.#read(frame);
        promise(sameBytes(again, encodeFrame(frame)), "what was decoded encodes to other bytes");
        return `frame of kind ${frame.kind.toString(16)}`;
      },
      ProtocolError,
      KeylessError,
    );
  }
}

const answers: readonly KeylessAnswer[] = [
  { type: "pong" },
  { type: "signature", signature: new Uint8Array(70).fill(3) },
  { type: "sealed-master-secret", encapsulatedKey: new Uint8Array(32), ciphertext: new Uint8Array(64) },
  { type: "error", code: "not-authorised", reason: "no grant for this key" },
];

/** What an edge sends to a key server. */
export const keylessRequestTarget: FuzzTarget = {
  name: "keyless-requests",
  about: "frames and requests of the keyless protocol, as the key server reads them",
  open: () => {
    const requests = fc.sample(keylessRequests, { numRuns: 40, seed: 1 });
    const frames = requests.map((request, index) => encodeRequest(index + 1, request));
    return new KeylessSubject(frames, (frame) => encodeRequest(frame.id, decodeRequest(frame)));
  },
};

/** What a key server sends to an edge. */
export const keylessAnswerTarget: FuzzTarget = {
  name: "keyless-answers",
  about: "frames and answers of the keyless protocol, as the edge reads them",
  open: () => {
    const frames = answers.map((answer, index) => encodeAnswer(index + 1, answer));
    return new KeylessSubject(frames, (frame) => encodeAnswer(frame.id, decodeAnswer(frame)));
  },
};
