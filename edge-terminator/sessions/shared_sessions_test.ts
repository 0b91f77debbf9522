import assert from "node:assert/strict";
import { randomBytes } from "../../shared/libcrypto/random.ts";
import { EphemeralKeyPair } from "../../shared/libcrypto/key_agreement.ts";
import { sealSession } from "./sealed_session.ts";
import {
  decodeSessionMessage,
  encodeSessionMessage,
  isAboutSessions,
  type SessionQuery,
} from "./session_messages.ts";
import { aState, type Letter, SessionStage } from "./testing/session_stage.ts";

const kindOf = ({ message }: Letter) => ["hello", "query", "answer", "remove"][message[0]! - 17]!;

/** Edges a and b, whose greetings have come. */
async function stage(change: (stage: SessionStage) => void = () => {}): Promise<SessionStage> {
  const it = new SessionStage();
  change(it);
  it.start("a", "b");
  await settled();
  it.letters.length = 0;
  return it;
}

/** Everything that was sent has come. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

Deno.test("S16: a session is found from every worker of every edge, by asking the one that made it and nobody else", async () => {
  using it = await stage();
  const ways = { "a/1": 0, "a/2": 2, "b/1": 4, "b/2": 6 };
  for (const [asker, letters] of Object.entries(ways)) {
    const id = it.make("a/1", 7);
    assert.equal(await it.find(asker, id), 7);
    assert.equal(it.letters.splice(0).length, asker === "b/1" ? 2 : asker === "b/2" ? 4 : letters);
  }
  const id = it.make("a/2", 8);
  assert.equal(await it.find("b/2", id), 8);
  const steps = it.letters.map((letter) => `${letter.from}>${letter.to} ${kindOf(letter)}`);
  assert.deepEqual(steps, [
    "b/2>b/1 query",
    "b>a query",
    "a/1>a/2 query",
    "a/2>a/1 answer",
    "a>b answer",
    "b/1>b/2 answer",
  ]);
  assert.deepEqual(it.worker("b/2").looked, ["peer hit", "peer hit"]);
  assert.deepEqual(it.worker("a/2").looked, ["sibling hit"]);
  assert.deepEqual(it.worker("a/1").looked, ["local hit"]);
  assert.deepEqual(it.refused, []);
});

Deno.test("S17: only its maker keeps a session: nothing is left at those that asked or passed it on", async () => {
  using it = await stage();
  const id = it.make("a/2", 7);
  await it.find("b/2", id);
  for (const name of ["a/1", "b/1", "b/2"]) {
    assert.equal(it.worker(name).cache.size, 0);
    assert.equal(it.worker(name).pool.blocksInUse, 0);
  }
  assert.equal(it.worker("a/2").pool.blocksInUse, 1);
});

Deno.test("L7: no message contains the master secret", async () => {
  using it = await stage();
  await it.find("b/2", it.make("a/2", 0x5a));
  assert.equal(it.letters.length, 6);
  for (const { message } of it.letters) assert(!message.toHex().includes("5a5a5a5a5a5a5a5a"));
});

Deno.test("a session that is not asked for under its own name and domain is none", async () => {
  using it = await stage();
  const id = it.make("a/2", 7);
  for (const asker of ["a/1", "b/2"]) {
    assert.equal(await it.find(asker, id, "another domain"), undefined);
    assert.equal(await it.find(asker, id, undefined, "b.test"), undefined);
    assert.equal(await it.find(asker, id), 7);
  }
});

Deno.test("L4: a session is as old for everybody as for its maker, whatever their clocks say", async () => {
  using it = await stage((stage) => stage.ahead.set("a", 3600_000));
  const issuedAt = it.clockOf("a/2");
  const peer = { chain: [new Uint8Array(3)], signatureScheme: 0x0403, authenticatedAt: issuedAt };
  const clientAuthentication = { policy: new Uint8Array(0), peer };
  const id = it.make("a/2", 7, aState({ issuedAt, clientAuthentication }));
  it.now += 5000;
  const { shared } = it.worker("b/1");
  const session = await shared.findElsewhere({ sessionId: id, domain: "a domain", serverName: "a.test" });
  session!.secret[Symbol.dispose]();
  assert.equal(session!.state.issuedAt, it.now - 5000);
  assert.equal(session!.state.clientAuthentication.peer!.authenticatedAt, it.now - 5000);
});

Deno.test("an id that nobody here made is asked of nobody; one that its maker has no more is a miss", async () => {
  using it = await stage();
  for (const id of [randomBytes(32), new Uint8Array(32), randomBytes(31), new Uint8Array(0)]) {
    assert.equal(it.worker("b/1").shared.mayHave(id), false);
    assert.equal(await it.find("b/1", id), undefined);
  }
  assert.equal(it.letters.length, 0);
  const id = it.make("a/2", 7);
  it.worker("a/2").cache.remove(id);
  assert.equal(await it.find("b/2", id), undefined);
  assert.equal(await it.find("a/1", id), undefined);
  assert.deepEqual(it.worker("b/2").looked, ["peer miss"]);
  assert.deepEqual(it.worker("a/1").looked, ["sibling miss"]);
  const forged = id.with(0, id[0]! ^ 1);
  assert.equal(await it.find("a/1", forged), undefined);
});

Deno.test("a removal reaches the maker from wherever the connection failed", async () => {
  using it = await stage();
  for (const name of ["a/1", "a/2", "b/1", "b/2"]) {
    const id = it.make("a/2", 7);
    it.worker(name).shared.remove(id);
    await settled();
    assert.equal(it.worker("a/2").cache.size, 0, name);
  }
});

Deno.test("a late answer is no session and leaves nothing; it is not waited for longer than stated", async () => {
  const held: Letter[] = [];
  using it = await stage((stage) => {
    stage.patience = 1;
    stage.carry = (letter) => {
      if (kindOf(letter) !== "answer") return [letter];
      held.push(letter);
      return [];
    };
  });
  assert.equal(await it.find("a/1", it.make("a/2", 7)), undefined);
  assert.deepEqual(it.worker("a/1").looked, ["sibling late"]);
  assert.equal(held.length, 1);
  it.deliver(held[0]!);
  assert.equal(it.worker("a/1").pool.blocksInUse, 0);
});

Deno.test("too many questions under way: the next ones are not asked", async () => {
  using it = await stage((stage) => stage.carry = (letter) => kindOf(letter) === "hello" ? [letter] : []);
  const id = it.make("a/2", 7);
  const asked = Array.from({ length: 6 }, () => it.find("a/1", id));
  assert.deepEqual(await Promise.all(asked.slice(4)), [undefined, undefined]);
  assert.deepEqual(it.worker("a/1").looked, ["sibling busy", "sibling busy"]);
  it.worker("a/1").shared[Symbol.dispose]();
  await Promise.all(asked);
});

Deno.test("an answer to another question is refused; a repeated question tells nobody more", async () => {
  using it = await stage();
  const id = it.make("a/2", 7);
  const other = it.make("a/2", 9);
  assert.equal(await it.find("b/1", id), 7);
  const [query, answer] = it.letters.filter(({ to }) => !to.includes("/")) as [Letter, Letter];
  const swapped = (letter: Letter): Letter[] =>
    kindOf(letter) === "answer" && letter.to === "b" ? [{ ...letter, message: answer.message }] : [letter];
  it.carry = swapped;
  const waiting = it.find("b/1", other);
  await settled();
  it.deliver({ ...answer, message: withNumber(answer.message, 2) });
  assert.equal(await waiting, undefined);
  assert.match(it.refused.pop()!, /not sealed by the asked/);
  it.carry = (letter) => [letter];
  it.letters.length = 0;
  it.deliver(query);
  await settled();
  assert.equal(it.letters.filter(({ to }) => to === "b").length, 1, "a repeated question is answered");
  assert.equal(it.worker("b/1").pool.blocksInUse, 0, "and the answer is nobody's");
});

Deno.test("each byte of an answer counts", async () => {
  using it = await stage((stage) => stage.patience = 100);
  const id = it.make("a/2", 7);
  await it.find("a/1", id);
  const { length } = it.letters.find((letter) => kindOf(letter) === "answer")!.message;
  for (let index = 0; index < length; index++) {
    it.carry = (letter) => {
      if (kindOf(letter) !== "answer") return [letter];
      return [{ ...letter, message: letter.message.with(index, letter.message[index]! ^ 1) }];
    };
    assert.equal(await it.find("a/1", id), undefined, `byte ${index}`);
  }
  assert(it.refused.length > length / 2);
});

Deno.test("whoever carries messages makes no session up: one that another than the asked has sealed is refused", async () => {
  using it = await stage((stage) => stage.patience = 100);
  const id = it.make("a/2", 7);
  using secret = it.worker("b/1").pool.rent(48);
  using stranger = EphemeralKeyPair.generate("x25519");
  const asker = it.instances.get("b")!;
  it.carry = (letter) => {
    if (kindOf(letter) !== "query" || letter.from !== "b") return [letter];
    const { number, request } = decodeSessionMessage(letter.message) as SessionQuery;
    const question = { asker, asked: it.instances.get("a")!, number, request };
    const keys = { own: [stranger], theirs: it.publicKeyOf("b") };
    const session = sealSession(it.worker("b/1").pool, keys, question, { state: aState(), secret }, 0);
    it.deliver({ from: "a", to: "b", message: encodeSessionMessage({ kind: "answer", number, session }) });
    return [];
  };
  assert.equal(await it.find("b/1", id), undefined);
  assert.deepEqual(it.worker("b/1").looked, ["peer refused"]);
  assert.match(it.refused.pop()!, /not sealed by the asked/);
});

Deno.test("who is gone is asked no more: a sibling that ended, an edge that is no member", async () => {
  using it = await stage();
  const id = it.make("a/2", 7);
  it.tellMembers("b", []);
  await settled();
  for (const name of ["b/1", "b/2"]) assert.equal(it.worker(name).shared.mayHave(id), false);
  it.worker("a/1").shared.takeRoster({ self: 1, members: [{ id: 1, publicKey: new Uint8Array(32) }] });
  assert.equal(it.worker("a/1").shared.mayHave(id), false);
});

Deno.test("an edge that is not in a domain gets no session of it, and makes none up for it", async () => {
  using it = await stage();
  const id = it.make("a/2", 7);
  it.outside.add("b a domain");
  assert.equal(await it.find("b/2", id), undefined, "asked from outside");
  assert.equal(await it.find("a/1", it.make("b/1", 8)), undefined, "asked of one outside");
  assert.equal(it.letters.filter(({ from, to }) => from === "a" && to === "b").length, 1, "a miss");
  it.outside.clear();
  assert.equal(await it.find("b/2", id), 7);
});

Deno.test("a message that is malformed, or of nobody, is refused", async () => {
  using it = await stage();
  const { shared } = it.worker("a/1");
  const malformed = [
    new Uint8Array(0),
    Uint8Array.of(16),
    Uint8Array.of(20, 1),
    Uint8Array.of(17),
    Uint8Array.of(18, 0),
  ];
  for (const message of malformed) shared.receive(2, message);
  shared.receiveFromPeer("nobody", Uint8Array.of(19, 1));
  assert.equal(it.refused.length, malformed.length + 1);
  assert(it.refused.every((words) => words.includes("Cannot take a message about sessions")));
  assert.deepEqual([0, 1, 2, 16, 17, 20, 21].map((kind) => isAboutSessions(Uint8Array.of(kind))), [
    false,
    false,
    false,
    false,
    true,
    true,
    false,
  ]);
});

/** The answer to another question, by its number. */
function withNumber(answer: Uint8Array, number: number): Uint8Array {
  return answer.with(8, number);
}
