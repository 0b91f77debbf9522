import fc from "fast-check";
import type { z } from "zod";
import { edgeMessageSchema } from "../../../shared/control_protocol/edge_messages.ts";
import { ControlProtocolError } from "../../../shared/control_protocol/errors.ts";
import { encodeFrame } from "../../../shared/control_protocol/frame.ts";
import { MessageReader } from "../../../shared/control_protocol/message_reader.ts";
import { serverMessageSchema } from "../../../shared/control_protocol/server_messages.ts";
import { edgeMessages, serverMessages } from "../../../shared/control_protocol/testing/arbitraries.ts";
import { type FuzzSubject, type FuzzTarget, promise } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";

/** A byte stream of messages in the control protocol's frames, cut by its first byte. */
export class ControlSubject implements FuzzSubject {
  readonly seeds: readonly Uint8Array[];
  readonly #schema: z.ZodType;

  constructor(messages: readonly unknown[], schema: z.ZodType) {
    this.seeds = messages.map((message, index) => {
      return Uint8Array.of(index % 2 === 0 ? 0 : 13, ...encodeFrame(message));
    });
    this.#schema = schema;
  }

  run(input: Uint8Array): string {
    const step = input[0] === undefined || input[0] === 0 ? Infinity : input[0];
    const bytes = input.subarray(1);
    const reader = new MessageReader(this.#schema);
    const types: string[] = [];
    return outcomeOf(() => {
      for (let at = 0; at < bytes.length; at += step) {
        for (const message of reader.push(bytes.slice(at, at + step))) {
          const again = [...new MessageReader(this.#schema).push(encodeFrame(message))];
          promise(
            JSON.stringify(again) === JSON.stringify([message]),
            "what was read is another message when it is sent again",
          );
          types.push((message as { type: string }).type);
        }
      }
      return types.slice(0, 3).join(", ");
    }, ControlProtocolError);
  }
}

/** What an edge sends to a key server. */
export const controlEdgeTarget: FuzzTarget = {
  name: "control-edge",
  about: "messages of the control protocol, as the key server reads them",
  open: () => new ControlSubject(fc.sample(edgeMessages, { numRuns: 40, seed: 1 }), edgeMessageSchema),
};

/** What a key server sends to an edge. */
export const controlServerTarget: FuzzTarget = {
  name: "control-server",
  about: "messages of the control protocol, as the edge reads them",
  open: () => new ControlSubject(fc.sample(serverMessages, { numRuns: 40, seed: 1 }), serverMessageSchema),
};
