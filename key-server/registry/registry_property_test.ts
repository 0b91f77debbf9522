import assert from "node:assert/strict";
import fc from "fast-check";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { type EntityKind, entityKinds } from "./entities.ts";
import { type Change, RegistryError, type RegistryState } from "./registry.ts";
import { readSnapshot } from "./sqlite/read_snapshot.ts";
import {
  edgeEntity,
  instant,
  keyEntity,
  nameEntity,
  openRegistry,
  permissionEntity,
} from "./testing/entities.ts";

const id = fc.constantFrom("a", "b", "c");
const phase = fc.constantFrom("staged", "active", "draining");
const change = fc.oneof(
  fc.record({ name: id, state: fc.constantFrom("active", "retired", "destroyed") }).map((
    { name, state },
  ): Change => ({
    kind: "key",
    put: keyEntity(name, { state: state as "active" }),
  })),
  fc.record({ name: id, keys: fc.uniqueArray(fc.record({ key: id, phase }), { selector: ({ key }) => key }) })
    .map(
      ({ name, keys }): Change => ({ kind: "name", put: nameEntity(name, { bindings: keys as never }) }),
    ),
  fc.record({ id, name: id, deny: fc.boolean() }).map(({ id, name, deny }): Change => ({
    kind: "permission",
    put: permissionEntity(id, { name, effect: deny ? "deny" : "allow" }),
  })),
  fc.record({ id, revoked: fc.boolean(), groups: fc.uniqueArray(id) }).map((
    { id, revoked, groups },
  ): Change => ({
    kind: "edge",
    put: edgeEntity(`x:${id}`, { state: revoked ? "revoked" : "admitted", groups }),
  })),
  fc.record({ name: id, epoch: fc.nat(9) }).map((put): Change => ({ kind: "ticket-domain", put })),
  fc.record({ kind: fc.constantFrom("key", "name", "permission", "ticket-domain"), id }).map(
    ({ kind, id }) => ({ kind, remove: id }) as Change,
  ),
  id.map((edge): Change => ({ kind: "edge", remove: `x:${edge}` })),
);
const transactions = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { maxLength: 40 });

function contents(state: RegistryState) {
  const kinds = Object.keys(entityKinds) as EntityKind[];
  return { version: state.version, entities: kinds.map((kind) => [kind, state.list(kind)]) };
}

Deno.test("whatever is committed or refused, the state is the same after a reopening, in a snapshot, and by the history alone", async () => {
  await using folder = await TemporaryFolder.create();
  let run = 0;
  fc.assert(
    fc.property(transactions, (all) => {
      const path = folder.file(`${run++}.sqlite`);
      using parts = new DisposableStack();
      const registry = parts.use(openRegistry(path));
      for (const changes of all) {
        const before = registry.state;
        try {
          registry.commit(changes, { author: "test", reason: instant, expectedVersion: before.version });
        } catch (error) {
          assert.ok(error instanceof RegistryError, String(error));
          assert.equal(registry.state, before);
        }
      }
      const expected = contents(registry.state);
      assert.deepEqual(contents(readSnapshot(registry.snapshot())), expected);
      const replayed = parts.use(openRegistry());
      for (const { changes, author, reason } of registry.history(0, 1000)) {
        replayed.commit(changes, { author, reason });
      }
      assert.deepEqual(contents(replayed.state), expected);
      registry[Symbol.dispose]();
      assert.deepEqual(contents(parts.use(openRegistry(path)).state), expected);
    }),
    { numRuns: 60 },
  );
});
