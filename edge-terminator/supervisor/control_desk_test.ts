import assert from "node:assert/strict";
import type { Update } from "../../shared/control_protocol/server_messages.ts";
import { createLogger } from "../../shared/log.ts";
import { poll } from "../../test/harness/poll.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { withUpdate } from "../control/document.ts";
import { writeDocument } from "../control/document_file.ts";
import { emptyDocument } from "../control/document.ts";
import { documentFile } from "../control/state_folder.ts";
import { lineage, newerLineage, pushedName, update } from "../control/testing/pushed_names.ts";
import type { ControlDelivery, ControlNote } from "../worker/control_messages.ts";
import { ControlDesk } from "./control_desk.ts";
import type { WorkerExit } from "./worker_process.ts";

const silent = createLogger("test", "silent");
let lastPid = 0;

/** A worker as the desk sees one: what it is told, and what it says when the test wants it. */
class DeskWorker {
  readonly pid = ++lastPid;
  readonly told: ControlDelivery[] = [];
  readonly #started = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<WorkerExit>();
  onControlNote: ((note: ControlNote) => void) | undefined;

  get started(): Promise<void> {
    return this.#started.promise;
  }

  get stoppedListening(): Promise<void> {
    return this.#stopped.promise;
  }

  get exited(): Promise<WorkerExit> {
    return this.#exited.promise;
  }

  sendLine(line: Uint8Array): void {
    this.told.push(JSON.parse(new TextDecoder().decode(line)));
  }

  say(note: ControlNote): void {
    this.onControlNote!(note);
  }

  applied(version: number, problems: { name: string; reason: string }[] = [], ofLineage = lineage): void {
    this.say({ type: "control-applied", lineage: ofLineage, version, problems });
  }

  brings(part: Update, source = 0): void {
    this.say({ type: "control-update", source, update: part });
  }

  async start(): Promise<void> {
    this.#started.resolve();
    await turns();
  }

  async stopListening(): Promise<void> {
    this.#stopped.resolve();
    await turns();
  }

  async end(): Promise<void> {
    this.#stopped.resolve();
    this.#exited.resolve({ code: 0, signal: null });
    await turns();
  }

  /** Whether it was told last to speak. */
  get speaks(): boolean {
    const last = this.told.findLast((delivery) => delivery.type === "control-speak");
    return last?.instance !== undefined;
  }

  get updates(): readonly Update[] {
    return this.told.flatMap((delivery) => delivery.type === "control-update" ? [delivery.update] : []);
  }

  get acknowledged(): readonly number[] {
    return this.told.flatMap((delivery) =>
      delivery.type === "control-ack" ? [delivery.acknowledgement.version] : []
    );
  }
}

async function turns(): Promise<void> {
  for (let count = 0; count < 4; count++) await Promise.resolve();
}

/** A desk and its workers; all of them accept connections unless told. */
async function withDesk(
  count: number,
  run: (desk: ControlDesk, workers: readonly DeskWorker[], folder: TemporaryFolder) => Promise<void>,
  prepare: (folder: TemporaryFolder) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await using folder = await TemporaryFolder.create();
  await prepare(folder);
  const desk = await ControlDesk.open(folder.path, silent);
  const workers = Array.from({ length: count }, () => new DeskWorker());
  for (const worker of workers) desk.add(worker);
  for (const worker of workers) await worker.start();
  await run(desk, workers, folder);
  await desk.close();
}

const acknowledges = (worker: DeskWorker, version: number) =>
  poll(`the acknowledgement of ${version}`, () => worker.acknowledged.includes(version));

Deno.test("one worker speaks: the first that accepts connections, until it stops listening or ends", async () => {
  await withDesk(3, async (_, [first, second, third]) => {
    assert.deepEqual([first!.speaks, second!.speaks, third!.speaks], [true, false, false]);
    await first!.stopListening();
    assert.deepEqual([first!.speaks, second!.speaks, third!.speaks], [false, false, true]);
    await third!.end();
    assert.deepEqual([first!.speaks, second!.speaks], [false, true]);
  });
});

Deno.test("what the speaker brings goes to all workers; what another one brings to nobody", async () => {
  await withDesk(2, (desk, [speaker, other]) => {
    other!.brings(update(1, { from: 0, put: [pushedName("www", [])] }));
    assert.equal(desk.status.version, 0);
    speaker!.brings(update(1, { from: 0, put: [pushedName("www", [])] }));
    assert.equal(desk.status.version, 1);
    for (const worker of [speaker!, other!]) {
      assert.deepEqual(worker.updates.map(({ version, put }) => [version, put.length]), [[0, 0], [1, 1]]);
    }
    return Promise.resolve();
  });
});

Deno.test("a version is acknowledged when every worker serves by it, one that is starting and one that drains too", async () => {
  await withDesk(2, async (desk, [speaker, draining]) => {
    const starting = new DeskWorker();
    desk.add(starting);
    await draining!.stopListening();
    speaker!.brings(update(1, { from: 0 }));
    speaker!.applied(1);
    starting.applied(1);
    await desk.close();
    assert.deepEqual(speaker!.acknowledged, []);
    draining!.applied(1);
    await acknowledges(speaker!, 1);
    speaker!.brings(update(2));
    for (const worker of [speaker!, starting]) worker.applied(2);
    await desk.close();
    assert.deepEqual(speaker!.acknowledged, [1]);
    await draining!.end();
    await acknowledges(speaker!, 2);
  });
});

Deno.test("what is acknowledged is on the disk: the next start begins with it", async () => {
  await withDesk(1, async (_, [speaker], folder) => {
    const names = [pushedName("www", []), pushedName("shop", [])];
    speaker!.brings(update(4, { from: 0, put: [names[0]!], more: true }));
    speaker!.brings(update(4, { from: 0, put: [names[1]!] }));
    speaker!.applied(4);
    await acknowledges(speaker!, 4);
    const again = await ControlDesk.open(folder.path, silent);
    const worker = new DeskWorker();
    again.add(worker);
    assert.deepEqual(
      worker.updates.map(({ version, put }) => [version, put.map(({ content }) => content.name)]),
      [
        [4, ["www", "shop"]],
      ],
    );
  });
});

Deno.test("a disk that cannot be written is told, and keeps no certificate from being served", async () => {
  await withDesk(1, async (desk, [speaker], folder) => {
    await Deno.mkdir(`${documentFile(folder.path)}.new`);
    speaker!.brings(update(1, { from: 0 }));
    speaker!.applied(1);
    await acknowledges(speaker!, 1);
    assert.equal(desk.status.kept, false);
    await Deno.remove(`${documentFile(folder.path)}.new`);
    speaker!.brings(update(2));
    speaker!.applied(2);
    await acknowledges(speaker!, 2);
    assert.equal(desk.status.kept, true);
  });
});

Deno.test("an edge is not taken back: older versions and older registries change nothing", async () => {
  const kept = withUpdate(emptyDocument, update(5, { from: 0, put: [pushedName("www", [])] }));
  await withDesk(1, (desk, [speaker]) => {
    speaker!.brings(update(4, { from: 0 }), 1);
    speaker!.brings(update(900, { from: 0, lineage: lineage.replace("2026", "2025") }), 2);
    assert.deepEqual([desk.status.version, speaker!.updates.length], [5, 1]);
    speaker!.brings(update(1, { from: 0, lineage: newerLineage }), 3);
    assert.deepEqual([desk.status.version, speaker!.updates.at(-1)?.lineage], [1, newerLineage]);
    return Promise.resolve();
  }, ({ path }) => writeDocument(documentFile(path), kept));
});

Deno.test("parts of two key servers do not mix, and those of a lost one are dropped", async () => {
  await withDesk(1, (desk, [speaker]) => {
    speaker!.brings(update(1, { from: 0, put: [pushedName("a", [])], more: true }), 0);
    speaker!.brings(update(2, { from: 0, put: [pushedName("b", [])] }), 1);
    speaker!.say({ type: "control-lost", source: 0 });
    speaker!.brings(update(3, { put: [pushedName("c", [])] }), 0);
    assert.equal(desk.status.version, 3);
    const names = speaker!.updates.flatMap(({ put }) => put.map(({ content }) => content.name));
    assert.deepEqual(names, ["b", "c"]);
    return Promise.resolve();
  });
});

Deno.test("an update that does not follow on what is held has that key server greeted again", async () => {
  await withDesk(1, (desk, [speaker]) => {
    speaker!.brings(update(8, { from: 7 }), 2);
    speaker!.brings(update(3, { from: 0, more: true }), 1);
    speaker!.brings(update(4, { from: 0 }), 1);
    const restarts = speaker!.told.filter((delivery) => delivery.type === "control-restart");
    assert.deepEqual(restarts.map(({ source }) => source), [2, 1]);
    assert.equal(desk.status.version, 0);
    return Promise.resolve();
  });
});

Deno.test("a worker's problems are acknowledged with the version", async () => {
  await withDesk(2, async (_, [speaker, other]) => {
    speaker!.brings(update(1, { from: 0, put: [pushedName("www", [])] }));
    speaker!.applied(1);
    other!.applied(1, [{ name: "www", reason: "malformed" }]);
    await acknowledges(speaker!, 1);
    const last = speaker!.told.findLast((delivery) => delivery.type === "control-ack");
    assert.deepEqual(last?.acknowledgement.problems, [{ name: "www", reason: "malformed" }]);
  });
});

Deno.test("all workers are told of a revocation, later ones too, until a reload", async () => {
  await withDesk(2, (desk, [speaker, other]) => {
    speaker!.say({ type: "control-revoked", reason: "stolen" });
    const revocations = (worker: DeskWorker) =>
      worker.told.filter(({ type }) => type === "control-revoked").length;
    const later = new DeskWorker();
    desk.add(later);
    assert.deepEqual([speaker!, other!, later].map(revocations), [1, 1, 1]);
    assert.equal(desk.status.revoked, "stolen");
    desk.forgetRevocation();
    const reloaded = new DeskWorker();
    desk.add(reloaded);
    assert.equal(revocations(reloaded), 0);
    return Promise.resolve();
  });
});
