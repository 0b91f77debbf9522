import assert from "node:assert/strict";
import type { Update } from "../../shared/control_protocol/server_messages.ts";
import { poll } from "../../test/harness/poll.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { defaultControlLinkTiming } from "./control_link.ts";
import { ControlSpeaker, type ControlSpeakerOptions, RenewalRefusedError } from "./control_speaker.ts";
import { ServedNames } from "./served_names.ts";
import { lineage, pushedName, update } from "./testing/pushed_names.ts";
import { ScriptedControlServer } from "./testing/scripted_control_server.ts";

const instance = "0f".repeat(16);
const quick = { ...defaultControlLinkTiming, reconnect: { initial: 2, maximum: 10 }, reportPause: 0 };
const upToDate = { type: "update", ...update(1, { from: 0 }) } as const;

/** Key servers on unix sockets, and an edge that speaks to them. */
class Stage implements AsyncDisposable {
  readonly updates: [number, Update][] = [];
  readonly lost: number[] = [];
  readonly reasons: string[] = [];
  readonly revocations: string[] = [];
  readonly held = new ServedNames();
  #speaker: ControlSpeaker | undefined;

  private constructor(readonly folder: TemporaryFolder, readonly servers: readonly ScriptedControlServer[]) {}

  static async set(count = 1): Promise<Stage> {
    const folder = await TemporaryFolder.create();
    const paths = Array.from({ length: count }, (_, index) => folder.file(`ks-${index}.sock`));
    const servers = await Promise.all(paths.map((path) => new ScriptedControlServer(path).start()));
    return new Stage(folder, servers);
  }

  get server(): ScriptedControlServer {
    return this.servers[0]!;
  }

  speak(options: Partial<ControlSpeakerOptions> = {}): ControlSpeaker {
    return this.#speaker = new ControlSpeaker({
      keyServers: this.servers,
      identity: { certificate: "/none", privateKey: "/none" },
      instance,
      held: this.held,
      updated: (source, part) => void this.updates.push([source, part]),
      lost: (source) => void this.lost.push(source),
      revoked: (reason) => void this.revocations.push(reason),
      report: (_, { reason }) => void (reason === undefined || this.reasons.push(reason)),
      timing: quick,
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#speaker?.close();
    for (const server of this.servers) await server[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

Deno.test("an edge says what it holds, and counts as connected with the first update", async () => {
  await using stage = await Stage.set();
  const name = pushedName("www", []);
  await stage.held.take(update(7, { from: 0, put: [name] }));
  const speaker = stage.speak();
  const { held, instance: said } = await stage.server.hears("hello");
  assert.equal(said, instance);
  assert.deepEqual(held, { lineage, version: 7, names: [{ name: "www", tag: name.tag }] });
  assert.equal(speaker.links[0]?.connected, false);
  stage.server.say(upToDate);
  await poll("the connection", () => speaker.links[0]?.connected);
  assert.deepEqual(stage.updates, [[0, update(1, { from: 0 })]]);
});

Deno.test("an edge that holds nothing says so", async () => {
  await using stage = await Stage.set();
  stage.speak();
  assert.equal((await stage.server.hears("hello")).held, undefined);
});

Deno.test("a ping is answered, and passed on to nobody", async () => {
  await using stage = await Stage.set();
  stage.speak();
  await stage.server.hears("hello");
  stage.server.say({ type: "ping" });
  await stage.server.hears("pong");
  assert.deepEqual(stage.updates, []);
});

Deno.test("every key server is told what all workers serve by, now and whenever it comes back", async () => {
  await using stage = await Stage.set(2);
  const speaker = stage.speak();
  for (const server of stage.servers) await server.hears("hello");
  speaker.acknowledge({ lineage, version: 3, problems: [{ name: "www", reason: "malformed" }] });
  for (const server of stage.servers) assert.equal((await server.hears("ack")).version, 3);
  stage.server.drop();
  await stage.server.hears("hello", 2);
  assert.deepEqual((await stage.server.hears("ack", 2)).problems, [{ name: "www", reason: "malformed" }]);
  assert.deepEqual(stage.lost, [0]);
});

const endings: Record<string, [(server: ScriptedControlServer) => void, RegExp]> = {
  "that closes": [(server) => server.drop(), /closed the connection/],
  "that refuses it": [(server) => server.say({ type: "refused", reason: "two hellos" }), /two hellos/],
  "that sends what is no message": [(server) => server.write(Uint8Array.of(0, 0, 0, 1, 0x7b)), /no JSON/],
  "that sends a message of the edge's": [(server) => server.say({ type: "pong" } as never), /malformed/],
  "that announces too much": [(server) => server.write(Uint8Array.of(0x7f, 0, 0, 0)), /is over/],
};

for (const [what, [misbehave, reason]] of Object.entries(endings)) {
  Deno.test(`an edge leaves a key server ${what}, says why, and comes back`, async () => {
    await using stage = await Stage.set();
    stage.speak();
    await stage.server.hears("hello");
    misbehave(stage.server);
    await stage.server.hears("hello", 2);
    assert.match(stage.reasons[0]!, reason);
  });
}

Deno.test("a key server that says nothing any more is left", async () => {
  await using stage = await Stage.set();
  stage.server.script = (message, server) => message.type === "hello" && server.say(upToDate);
  stage.speak({ timing: { ...quick, silence: 30 } });
  await stage.server.hears("hello", 2);
  assert.match(stage.reasons[0]!, /says nothing any more/);
});

Deno.test("a key server that is not there yet is found when it comes", async () => {
  await using stage = await Stage.set();
  await stage.server[Symbol.asyncDispose]();
  const speaker = stage.speak();
  await poll("a failed attempt", () => speaker.links[0]?.lastError);
  await stage.server.start();
  await stage.server.hears("hello");
});

Deno.test("a revocation is passed on", async () => {
  await using stage = await Stage.set();
  stage.speak();
  await stage.server.hears("hello");
  stage.server.say({ type: "revoked", reason: "stolen" });
  await poll("the revocation", () => stage.revocations.length > 0);
  assert.deepEqual(stage.revocations, ["stolen"]);
});

Deno.test("a renewal is asked of one key server after the other until one gives it", async () => {
  await using stage = await Stage.set(2);
  const [first, second] = stage.servers as [ScriptedControlServer, ScriptedControlServer];
  first.script = (message, server) => {
    if (message.type === "hello") server.say(upToDate);
    if (message.type === "renew") server.say({ type: "renewal-refused", reason: "it follows another" });
  };
  second.script = (message, server) => {
    if (message.type === "hello") server.say(upToDate);
    if (message.type === "renew") server.say({ type: "identity", chain: ["AQID", "BAUG"] });
  };
  const speaker = stage.speak();
  await poll("both", () => speaker.links.every(({ connected }) => connected));
  const chain = await speaker.renew(Uint8Array.of(9, 9));
  assert.deepEqual(chain.map((der) => [...der]), [[1, 2, 3], [4, 5, 6]]);
  assert.equal(first.heard("renew")[0]?.request, Uint8Array.of(9, 9).toBase64());
});

Deno.test("a renewal that nobody gives, and one whose key server is lost meanwhile, are refused", async () => {
  await using stage = await Stage.set();
  const speaker = stage.speak();
  await assert.rejects(speaker.renew(new Uint8Array(2)), RenewalRefusedError);
  stage.server.script = (message, server) => {
    if (message.type === "hello") server.say(upToDate);
    if (message.type === "renew") server.drop();
  };
  stage.server.drop();
  await poll("the connection", () => speaker.links[0]?.connected);
  await assert.rejects(speaker.renew(new Uint8Array(2)), /the connection was lost/);
});
