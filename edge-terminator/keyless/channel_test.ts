import assert from "node:assert/strict";
import { encodeAnswer } from "../../shared/keyless_protocol/answers.ts";
import { encodeFrame } from "../../shared/keyless_protocol/frame.ts";
import { poll } from "../../test/harness/poll.ts";
import { Channel } from "./channel.ts";
import { DeadlineWheel } from "../../shared/deadline_wheel.ts";
import { ChannelError, type ChannelErrorCode } from "./errors.ts";
import {
  KeylessTestPki,
  onOperations,
  ScriptedKeyServer,
  type ScriptedRequest,
} from "./scripted_key_server.ts";
import { openTransport } from "./transport.ts";
import { expectedSignature } from "./test_requests.ts";
import { fails, quick, Stage } from "./test_stage.ts";

const signature = { type: "signature", signature: new Uint8Array([1]) } as const;

/** What a broken or hostile key server does with a request, and what the edge calls it. */
const misbehaviours: [string, (request: ScriptedRequest) => void, ChannelErrorCode][] = [
  ["sends garbage", ({ socket }) => socket.write(new Uint8Array(64).fill(0xee)), "protocol-violation"],
  [
    "announces an oversize frame",
    ({ socket }) => socket.write(new Uint8Array([0, 1, 0, 1, 0, 0, 0, 1, 0x82])),
    "protocol-violation",
  ],
  [
    "answers an id that was never used",
    ({ id, socket }) => socket.write(encodeAnswer(id + 1000, signature)),
    "protocol-violation",
  ],
  ["answers a request twice", ({ id, socket, answer }) => {
    answer();
    socket.write(encodeAnswer(id, signature));
  }, "protocol-violation"],
  [
    "answers a signature with a pong",
    ({ id, socket }) => socket.write(encodeAnswer(id, { type: "pong" })),
    "protocol-violation",
  ],
  [
    "answers with an empty signature",
    ({ id, socket }) => socket.write(encodeFrame({ id, kind: 0x82, body: new Uint8Array(2) })),
    "protocol-violation",
  ],
  [
    "answers with an unknown kind",
    ({ id, socket }) => socket.write(encodeFrame({ id, kind: 0x99, body: new Uint8Array() })),
    "protocol-violation",
  ],
  [
    "answers with an unknown error",
    ({ id, socket }) => socket.write(encodeFrame({ id, kind: 0xff, body: new Uint8Array([0, 99, 0]) })),
    "protocol-violation",
  ],
  [
    "leaves bytes after an answer",
    ({ id, socket }) => socket.write(encodeFrame({ id, kind: 0x81, body: new Uint8Array([1]) })),
    "protocol-violation",
  ],
  [
    "signs what nobody asked for",
    ({ socket }) => socket.write(encodeAnswer(0, signature)),
    "protocol-violation",
  ],
  [
    "refuses the connection",
    ({ socket }) => socket.write(encodeAnswer(0, { type: "error", code: "not-authorised", reason: "" })),
    "edge-refused",
  ],
  ["closes", ({ socket }) => socket.end(), "closed-by-key-server"],
  [
    "closes in the middle of an answer",
    ({ id, socket }) => socket.end(encodeAnswer(id, signature).subarray(0, 5)),
    "closed-by-key-server",
  ],
  ["resets the connection", ({ socket }) => socket.resetAndDestroy(), "closed-by-key-server"],
];

for (const [behaviour, act, code] of misbehaviours) {
  Deno.test(`a key server that ${behaviour} loses its channel and nothing else`, async () => {
    let acted = false;
    const once = onOperations((request) => {
      if (acted) return request.answer();
      acted = true;
      act(request);
    });
    await using stage = await Stage.set([{ script: once }, {}], { timing: quick });
    await stage.connected();
    const first = await stage.sign("first");
    if (behaviour !== "answers a request twice") assert.deepEqual(first, expectedSignature("first"));
    await poll("end of the channel", () => stage.closed.length > 0);
    assert.deepEqual(stage.closed, [code]);
    await stage.connected();
    assert.deepEqual(await stage.sign("again"), expectedSignature("again"));
  });
}

Deno.test("requests of one turn of the event loop leave in one TLS record", async () => {
  let chunks = 0;
  await using stage = await Stage.set([{}]);
  await stage.connected();
  for (const socket of stage.server(0).sockets) socket.on("data", () => chunks++);
  await Promise.all(Array.from({ length: 50 }, (_, index) => stage.sign(`${index}`)));
  assert.equal(chunks, 1);
});

Deno.test("a key server that does not read is given up on before much memory is spent on it", async () => {
  await using stage = await Stage.set([{}], { transcript: "strict", maximumUnsentBytes: 300_000 });
  await stage.connected();
  for (const socket of stage.server(0).sockets) socket.pause();
  const results = await Promise.allSettled(
    Array.from({ length: 400 }, (_, index) => stage.sign(`${index}`.padEnd(60_000, "x"), 400)),
  );
  const refused = results.filter((result) => result.status === "rejected");
  const codes = new Set(refused.map(({ reason }) => reason.code));
  assert.ok(codes.has("edge-overloaded"), [...codes].join());
  assert.ok(refused.filter(({ reason }) => reason.code === "edge-overloaded").length >= 390);
});

Deno.test("more late answers than late requests are a protocol violation", async () => {
  const late: ScriptedRequest[] = [];
  await using stage = await Stage.set([{ script: onOperations((request) => late.push(request)) }], {
    timing: quick,
  });
  await stage.connected();
  await assert.rejects(stage.sign("slow", 30), fails("deadline-passed"));
  const [request] = late;
  request!.answer();
  request!.answer();
  await poll("end of the channel", () => stage.closed.length > 0);
  assert.deepEqual(stage.closed, ["protocol-violation"]);
});

Deno.test("ids start again at 1 after 2^32 - 1, never at 0", async () => {
  const waiting: ScriptedRequest[] = [];
  await using pki = await KeylessTestPki.create();
  await using server = await ScriptedKeyServer.start(pki, { script: (request) => waiting.push(request) });
  using wheel = new DeadlineWheel();
  const transport = await openTransport(server.endpoint, pki.identity, new AbortController().signal);
  const bounds = { maximumInFlight: 100, maximumUnsentBytes: 1 << 20 };
  const channel = new Channel(transport, { keyServer: "x", wheel, ...bounds, firstId: 0xffff_fffe });
  const ping = () => channel.request({ operation: "ping" }, 5000);
  const first = [ping(), ping(), ping()];
  await poll("requests", () => waiting.length === 3);
  assert.deepEqual(waiting.map(({ id }) => id), [0xffff_fffe, 0xffff_ffff, 1]);
  for (const { answer } of waiting.splice(0)) answer();
  await Promise.all(first);
  assert.equal(channel.inFlight, 0);
  channel.destroy(new ChannelError("closed", "the test is over"));
  await channel.ended;
});
