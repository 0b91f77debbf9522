import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { decodeAnswer, type KeylessAnswer } from "../shared/keyless_protocol/answers.ts";
import { FrameReader } from "../shared/keyless_protocol/frame.ts";
import { encodeRequest } from "../shared/keyless_protocol/requests.ts";
import { createLogger } from "../shared/log.ts";
import { poll } from "../test/harness/poll.ts";
import { KeylessSession, type RequestHandler } from "./session.ts";

/** Sends two pings to a session with this handler; resolves with both answers. */
async function answersOf(handler: RequestHandler): Promise<KeylessAnswer[]> {
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
    new KeylessSession({
      socket,
      edge: { name: "spiffe://holdfast.test/edge/test", notAfter: undefined },
      handler,
      log: createLogger("test", "error", () => {}),
      preface: undefined,
      inFlightLimit: 10,
      onProtocolError: () => {},
    });
  }).listen(0, "127.0.0.1", resolve);
  await listening;
  const client = connect((server.address() as { port: number }).port, "127.0.0.1");
  const reader = new FrameReader();
  const answers: KeylessAnswer[] = [];
  client.on("data", (data: Uint8Array) => {
    reader.push(new Uint8Array(data));
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      answers.push(decodeAnswer(frame));
    }
  });
  for (const id of [1, 2]) client.write(encodeRequest(id, { operation: "ping" }));
  try {
    await poll("two answers", () => answers.length === 2);
    return answers;
  } finally {
    client.destroy();
    server.close();
  }
}

Deno.test("an answer that the protocol cannot carry becomes token-failure, and the session goes on", async () => {
  const unfit: KeylessAnswer[] = [
    { type: "signature", signature: new Uint8Array(0) },
    { type: "signature", signature: new Uint8Array(0x10000) },
  ];
  const refused: string[] = [];
  const answers = await answersOf({
    answer: () => Promise.resolve(unfit.pop()!),
    refuse: (_edge, error) => {
      refused.push(error.code);
      return { type: "error", code: error.code, reason: error.message };
    },
    beforeAnswers: () => {},
  });
  assert.deepEqual(answers.map((answer) => answer.type === "error" && answer.code), [
    "token-failure",
    "token-failure",
  ]);
  assert.deepEqual(refused, ["token-failure", "token-failure"]);
});
