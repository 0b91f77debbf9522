import assert from "node:assert/strict";
import type { SiblingDelivery, SiblingMessage } from "../worker/control_messages.ts";
import { SiblingChannel } from "../worker/sibling_channel.ts";
import { SiblingSwitchboard } from "./sibling_switchboard.ts";
import type { WorkerProcess } from "./worker_process.ts";

/** The part of a worker process that the switchboard touches. */
class FakeWorker {
  onSiblingMessage: ((message: SiblingMessage) => void) | undefined;
  readonly heard: SiblingDelivery[] = [];
  readonly #stopped = Promise.withResolvers<void>();
  readonly stoppedListening = this.#stopped.promise;

  send(message: SiblingDelivery): void {
    this.heard.push(message);
  }

  async stop(): Promise<void> {
    this.#stopped.resolve();
    await this.stoppedListening;
  }

  join(publicKey: string): void {
    this.onSiblingMessage?.({ type: "join", publicKey });
  }

  get members(): number[] | undefined {
    const roster = this.heard.findLast((message) => message.type === "roster");
    return roster?.members.map(({ id }) => id);
  }
}

function staged(count: number) {
  const switchboard = new SiblingSwitchboard();
  const workers = Array.from({ length: count }, () => new FakeWorker());
  for (const worker of workers) switchboard.add(worker as unknown as WorkerProcess);
  return { switchboard, workers: workers as [FakeWorker, FakeWorker, FakeWorker] };
}

Deno.test("each worker hears who has joined, the oldest first, and its own number", () => {
  const { workers: [first, second, third] } = staged(3);
  second.join("AAAA");
  first.join("BBBB");
  const members = [{ id: 1, publicKey: "AAAA" }, { id: 2, publicKey: "BBBB" }];
  assert.deepEqual(first.heard, [{ type: "roster", self: 2, members }]);
  assert.deepEqual(second.heard.at(-1), { type: "roster", self: 1, members });
  assert.deepEqual(third.heard, [], "one that shares nothing hears nothing");
});

Deno.test("a worker that listens no longer is out; a successor gets a number that nobody had", async () => {
  const { switchboard, workers: [first, second] } = staged(2);
  first.join("AAAA");
  second.join("BBBB");
  await first.stop();
  assert.deepEqual(second.members, [2]);
  const successor = new FakeWorker();
  switchboard.add(successor as unknown as WorkerProcess);
  successor.join("CCCC");
  assert.deepEqual(second.members, [2, 3]);
  first.join("DDDD");
  assert.deepEqual(second.members, [2, 3], "one that left came back");
});

Deno.test("a new public key of a member changes its key, not its place", () => {
  const { workers: [first, second] } = staged(2);
  first.join("AAAA");
  second.join("BBBB");
  first.join("EEEE");
  const roster = second.heard.at(-1);
  assert(roster?.type === "roster");
  assert.deepEqual(roster.members, [{ id: 1, publicKey: "EEEE" }, { id: 2, publicKey: "BBBB" }]);
});

Deno.test("a message goes to the one it is for, under its sender's true number, unchanged", () => {
  const { workers: [first, second, third] } = staged(3);
  for (const worker of [first, second, third]) worker.join("AAAA");
  const before = [first, third].map(({ heard }) => heard.length);
  first.onSiblingMessage?.({ type: "sibling", to: 2, body: "c2VhbGVk" });
  assert.deepEqual(second.heard.at(-1), { type: "sibling", from: 1, body: "c2VhbGVk" });
  assert.deepEqual([first, third].map(({ heard }) => heard.length), before);
  first.onSiblingMessage?.({ type: "sibling", to: 9, body: "c2VhbGVk" });
});

Deno.test("a message of one that has not joined is dropped", () => {
  const { workers: [first, second] } = staged(2);
  first.join("AAAA");
  const before = first.heard.length;
  second.onSiblingMessage?.({ type: "sibling", to: 1, body: "c2VhbGVk" });
  assert.equal(first.heard.length, before);
});

Deno.test("a worker takes keys and messages that are no base64 for empty ones, and lives on", () => {
  const channel = new SiblingChannel(() => {});
  const heard: unknown[] = [];
  channel.receiver = {
    takeRoster: ({ members }) => heard.push(members.map(({ publicKey }) => publicKey.length)),
    receive: (_, message) => heard.push(message.length),
  };
  channel.deliver({
    type: "roster",
    self: 1,
    members: [{ id: 1, publicKey: "A" }, { id: 2, publicKey: "AAAA" }],
  });
  channel.deliver({ type: "sibling", from: 2, body: "A===" });
  assert.deepEqual(heard, [[0, 3], 0]);
});
