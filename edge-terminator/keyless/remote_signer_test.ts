import assert from "node:assert/strict";
import { encodeAnswer } from "../../shared/keyless_protocol/answers.ts";
import type { SignTls12Request } from "../../shared/keyless_protocol/operations.ts";
import { poll } from "../../test/harness/poll.ts";
import { onOperations } from "./scripted_key_server.ts";
import { expectedSignature, signatureRequest } from "./test_requests.ts";
import { fails, quick, refusing, silent, Stage } from "./test_stage.ts";

Deno.test("a signature is asked for by SKI, SNI, scheme and transcript hash, and comes back", async () => {
  await using stage = await Stage.set([{}]);
  assert.deepEqual(await stage.sign("hello"), expectedSignature("hello"));
  const sent = stage.server(0).requests.find(({ operation }) => operation === "sign-tls13");
  assert.ok(sent?.operation === "sign-tls13");
  assert.equal(sent.serverName, "www.holdfast.test");
  assert.equal(sent.signatureScheme, 0x0403);
  assert.deepEqual(sent.subjectKeyIdentifier, new Uint8Array(20).fill(1));
  assert.ok(sent.deadline > 0 && sent.deadline <= 2000);
  assert.equal(sent.transcript.form, "hash");
});

Deno.test("with the strict form the handshake messages themselves are sent", async () => {
  await using stage = await Stage.set([{}], { transcript: "strict" });
  const signature = await stage.sign("messages");
  assert.equal(new TextDecoder().decode(signature.subarray(1)), "messages");
});

Deno.test("a TLS 1.2 signature is asked for by its parts, and the key server writes what is signed", async () => {
  await using stage = await Stage.set([{}], { transcript: "strict" });
  const { certificate } = signatureRequest("x");
  const parts = {
    clientRandom: new Uint8Array(32).fill(7),
    serverRandom: new Uint8Array(32).fill(8),
    namedCurve: 29,
    publicKey: new Uint8Array(32).fill(9),
  };
  const request = {
    kind: "tls12-server-key-exchange",
    scheme: 0x0403,
    certificate,
    params: new Uint8Array(36),
    ...parts,
  } as const;
  assert.deepEqual(
    await stage.signer.sign(request, { deadline: 2000 }),
    new Uint8Array([0x12, ...parts.clientRandom]),
  );
  const { deadline: _, ...sent } = stage.server(0).requests.at(-1) as SignTls12Request;
  assert.deepEqual(sent, {
    operation: "sign-tls12",
    role: "server",
    subjectKeyIdentifier: certificate.subjectKeyIdentifier,
    serverName: "",
    signatureScheme: 0x0403,
    ...parts,
  });
});

Deno.test("the first thing on a channel is a ping, and nothing counts as connected before its pong", async () => {
  const waiting: (() => void)[] = [];
  await using stage = await Stage.set([{ script: ({ answer }) => waiting.push(answer) }]);
  await poll("ping", () => waiting.length === 1);
  assert.equal(stage.server(0).requests[0]?.operation, "ping");
  assert.equal(stage.signer.health()[0]?.connected, false);
  waiting[0]!();
  await stage.connected();
});

Deno.test("many requests are in flight at once and answers may come in any order", async () => {
  const waiting: (() => void)[] = [];
  const script = onOperations(({ answer }) => {
    waiting.push(answer);
    if (waiting.length === 500) { for (const late of waiting.reverse()) late(); }
  });
  await using stage = await Stage.set([{ script }]);
  const names = Array.from({ length: 500 }, (_, index) => `request ${index}`);
  const signatures = await Promise.all(names.map((name) => stage.sign(name)));
  assert.deepEqual(signatures, names.map(expectedSignature));
});

Deno.test("an answer that is split byte by byte is put together", async () => {
  const script = onOperations(({ id, request, socket }) => {
    assert.ok(request.operation === "sign-tls13" && request.transcript.form === "hash");
    const signature = new Uint8Array([0x53, ...request.transcript.transcriptHash]);
    for (const byte of encodeAnswer(id, { type: "signature", signature })) {
      socket.write(new Uint8Array([byte]));
    }
  });
  await using stage = await Stage.set([{ script }]);
  assert.deepEqual(await stage.sign("split"), expectedSignature("split"));
});

Deno.test("a key server over a unix socket is asked without TLS", async () => {
  const path = await Deno.makeTempFile({ prefix: "holdfast-" });
  await Deno.remove(path);
  await using stage = await Stage.set([{ path }]);
  assert.deepEqual(await stage.sign("local"), expectedSignature("local"));
  assert.equal(stage.signer.health()[0]?.endsAt, Infinity);
});

Deno.test("silence ends in deadline-passed at the deadline, and the late answer is dropped", async () => {
  const late: (() => void)[] = [];
  await using stage = await Stage.set([{ script: onOperations(({ answer }) => late.push(answer)) }]);
  await stage.connected();
  await assert.rejects(stage.sign("slow", 60), fails("deadline-passed"));
  late[0]!();
  stage.server(0).script = ({ answer }) => answer();
  assert.deepEqual(await stage.sign("next"), expectedSignature("next"));
  assert.equal(stage.opened.length, 1, "the channel must survive a late answer");
});

for (const code of ["not-authorised", "rate-limited", "bad-request"] as const) {
  Deno.test(`${code} is final: no other key server is asked`, async () => {
    await using stage = await Stage.set([{ script: refusing(code) }, {}]);
    await stage.connected();
    await assert.rejects(stage.sign("x"), fails(code));
    assert.deepEqual(stage.attempts, [`key-server-0 ${code}`]);
  });
}

for (const code of ["unknown-key", "overloaded", "token-failure", "deadline-passed"] as const) {
  Deno.test(`${code} is tried again on another key server`, async () => {
    await using stage = await Stage.set([{ script: refusing(code) }, {}]);
    await stage.connected();
    assert.deepEqual(await stage.sign("x"), expectedSignature("x"));
    assert.deepEqual(stage.attempts, [`key-server-0 ${code}`, "key-server-1 ok"]);
  });

  Deno.test(`${code} from the only key server is the operation's error, at once`, async () => {
    await using stage = await Stage.set([{ script: refusing(code) }]);
    await stage.connected();
    await assert.rejects(stage.sign("x", 60_000), fails(code));
  });
}

Deno.test("a key server that answers pings only leaves time for another one", async () => {
  await using stage = await Stage.set([{ script: silent }, {}]);
  await stage.connected();
  assert.deepEqual(await stage.sign("x", 1000), expectedSignature("x"));
  assert.deepEqual(stage.attempts, ["key-server-0 deadline-passed", "key-server-1 ok"]);
});

Deno.test("after three failures in a row the breaker opens and handshakes pass the key server by", async () => {
  await using stage = await Stage.set([{ script: refusing("token-failure") }, {}]);
  await stage.connected();
  for (let n = 0; n < 4; n++) await stage.sign(`${n}`);
  assert.equal(stage.signer.health()[0]?.breaker, "open");
  assert.equal(stage.attempts.at(-1), "key-server-1 ok");
  assert.equal(stage.attempts.filter((attempt) => attempt.startsWith("key-server-0")).length, 3);
});

Deno.test("an open breaker closes again with a trial that is answered", async () => {
  const breaker = { threshold: 1, backoff: { initial: 20, maximum: 20 } };
  const timing = { ...quick, breaker };
  await using stage = await Stage.set([{ script: refusing("token-failure") }, {}], { timing });
  await stage.connected();
  await stage.sign("opens it");
  assert.equal(stage.signer.health()[0]?.breaker, "open");
  stage.server(0).script = ({ answer }) => answer();
  await poll("trial", async () => {
    await stage.sign("trial");
    return stage.attempts.at(-1) === "key-server-0 ok";
  });
  assert.equal(stage.signer.health()[0]?.breaker, "closed");
});

Deno.test("with every breaker open a key server is asked all the same", async () => {
  const breaker = { threshold: 1, backoff: { initial: 60_000, maximum: 60_000 } };
  await using stage = await Stage.set([{ script: refusing("token-failure") }], {
    timing: { ...quick, breaker },
  });
  await stage.connected();
  await assert.rejects(stage.sign("opens it"), fails("token-failure"));
  stage.server(0).script = ({ answer }) => answer();
  assert.deepEqual(await stage.sign("asked"), expectedSignature("asked"));
});

Deno.test("a key server that lacks a key comes last for that key and first for others", async () => {
  const script = onOperations(({ id, request, socket, answer }) => {
    assert.ok(request.operation === "sign-tls13");
    if (request.subjectKeyIdentifier[0] !== 1) return answer();
    socket.write(encodeAnswer(id, { type: "error", code: "unknown-key", reason: "" }));
  });
  await using stage = await Stage.set([{ script }, {}]);
  await stage.connected();
  await stage.sign("first");
  await stage.sign("second");
  await stage.signer.sign(signatureRequest("third", 2), { deadline: 2000 });
  assert.deepEqual(stage.attempts, [
    "key-server-0 unknown-key",
    "key-server-1 ok",
    "key-server-1 ok",
    "key-server-0 ok",
  ]);
});

Deno.test("a key server that dies with a signature under way is replaced by another within the deadline", async () => {
  await using stage = await Stage.set([{ script: silent }, {}]);
  await stage.connected();
  const signature = stage.sign("x", 5000);
  await poll("request", () => stage.server(0).requests.some(({ operation }) => operation !== "ping"));
  await stage.server(0).stop();
  assert.deepEqual(await signature, expectedSignature("x"));
  assert.deepEqual(stage.attempts, ["key-server-0 connection-lost", "key-server-1 ok"]);
});

Deno.test("when the only key server dies with a signature under way, its return within the deadline completes it", async () => {
  await using stage = await Stage.set([{ script: silent }]);
  await stage.connected();
  const signature = stage.sign("x", 10_000);
  await poll("request", () => stage.server(0).requests.some(({ operation }) => operation !== "ping"));
  await stage.server(0).stop();
  await poll("notice", () => stage.signer.health()[0]?.connected === false);
  stage.server(0).script = ({ answer }) => answer();
  await stage.server(0).start();
  assert.deepEqual(await signature, expectedSignature("x"));
});

Deno.test("when the only key server dies and stays away, the operation fails at its deadline", async () => {
  await using stage = await Stage.set([{ script: silent }]);
  await stage.connected();
  const signature = stage.sign("x", 300);
  await poll("request", () => stage.server(0).requests.length > 1);
  await stage.server(0).stop();
  await assert.rejects(signature, fails("connection-lost"));
});

Deno.test("a request that costs the key server its life is not put to it a third time", async () => {
  const script = onOperations(({ socket }) => socket.destroy());
  await using stage = await Stage.set([{ script }], { timing: quick });
  await stage.connected();
  await assert.rejects(stage.sign("deadly", 60_000), fails("connection-lost"));
  assert.equal(stage.attempts.length, 2);
});

Deno.test("while no key server is there operations wait for one, up to their deadline", async () => {
  await using stage = await Stage.set([{ down: true }], { timing: quick });
  await assert.rejects(stage.sign("nobody", 100), fails("no-key-server"));
  const signature = stage.sign("x", 10_000);
  await stage.server(0).start();
  assert.deepEqual(await signature, expectedSignature("x"));
});

Deno.test("while the key's own key server is away, one that lacks the key does not fail the operation", async () => {
  await using stage = await Stage.set([{ script: refusing("unknown-key") }, { down: true }], {
    timing: quick,
  });
  await stage.connected(1);
  const signature = stage.sign("x", 10_000);
  await poll("first answer", () => stage.attempts.length === 1);
  await stage.server(1).start();
  assert.deepEqual(await signature, expectedSignature("x"));
  assert.deepEqual(stage.attempts, ["key-server-0 unknown-key", "key-server-1 ok"]);
});

Deno.test("a key server that dies under a signature is waited for, although another one lacks the key", async () => {
  await using stage = await Stage.set([{ script: silent }, { script: refusing("unknown-key") }], {
    timing: quick,
  });
  await stage.connected();
  const signature = stage.sign("x", 10_000);
  await poll("request", () => stage.server(0).requests.some(({ operation }) => operation !== "ping"));
  await stage.server(0).stop();
  await poll("second answer", () => stage.attempts.length === 2);
  stage.server(0).script = ({ answer }) => answer();
  await stage.server(0).start();
  assert.deepEqual(await signature, expectedSignature("x"));
});

Deno.test("unknown-key is the operation's error once every key server has said so, whichever came back last", async () => {
  const scripted = { script: refusing("unknown-key") };
  await using stage = await Stage.set([scripted, { ...scripted, down: true }, scripted], { timing: quick });
  await stage.connected(2);
  const signature = stage.sign("x", 60_000);
  await poll("two answers", () => stage.attempts.length === 2);
  await stage.server(1).start();
  await assert.rejects(signature, fails("unknown-key"));
  assert.equal(stage.attempts.length, 3);
});

Deno.test("when the key server that may have the key stays away, the operation fails for that at its deadline", async () => {
  await using stage = await Stage.set([{ script: refusing("unknown-key") }, { down: true }], {
    timing: quick,
  });
  await stage.connected(1);
  await assert.rejects(stage.sign("x", 200), fails("no-key-server"));
});

Deno.test("nobody waits for a key server that is away after a token's failure, whoever lacks the key besides", async () => {
  const servers = [{ script: refusing("token-failure") }, { script: refusing("unknown-key") }, {
    down: true,
  }];
  await using stage = await Stage.set(servers, { timing: quick });
  await stage.connected(2);
  await assert.rejects(stage.sign("x", 60_000), fails("token-failure"));
});

Deno.test("more operations than may wait for a key server are refused with edge-overloaded", async () => {
  await using stage = await Stage.set([{ down: true }], { maximumWaiting: 2 });
  const waiting = [stage.sign("a", 100), stage.sign("b", 100)];
  await assert.rejects(stage.sign("c", 60_000), fails("edge-overloaded"));
  for (const result of await Promise.allSettled(waiting)) assert.equal(result.status, "rejected");
});

Deno.test("requests over the bound in flight go to another key server, and then are refused", async () => {
  const scripted = { script: silent };
  await using stage = await Stage.set([scripted, scripted], { maximumInFlight: 1 });
  await stage.connected();
  const slow = [stage.sign("a", 200), stage.sign("b", 200)];
  await poll("requests", () => stage.servers.every((server) => server.requests.length === 2));
  await assert.rejects(stage.sign("c", 60_000), fails("edge-overloaded"));
  await Promise.allSettled(slow);
});

Deno.test("a server name that the protocol cannot carry fails its own operation only", async () => {
  await using stage = await Stage.set([{}]);
  const odd = { ...signatureRequest("x"), serverName: "under the table" };
  await assert.rejects(stage.signer.sign(odd, { deadline: 1000 }), fails("bad-request"));
  assert.deepEqual(await stage.sign("y"), expectedSignature("y"));
  assert.equal(stage.opened.length, 1);
});

Deno.test("closing lets what is in flight end, refuses what comes after, and leaves no connection", async () => {
  const waiting: (() => void)[] = [];
  await using stage = await Stage.set([{ script: onOperations(({ answer }) => waiting.push(answer)) }]);
  const signature = stage.sign("x");
  await poll("request", () => waiting.length === 1);
  const closing = stage.signer.close("this edge is revoked");
  await assert.rejects(stage.sign("late"), fails("signer-closed"));
  await assert.rejects(stage.sign("late"), /: this edge is revoked$/);
  waiting[0]!();
  assert.deepEqual(await signature, expectedSignature("x"));
  await closing;
  await poll("end", () => stage.server(0).sockets.size === 0);
});
