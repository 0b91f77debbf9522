import { readSnapshot } from "../../../key-server/registry/sqlite/read_snapshot.ts";
import { RegistryFileError } from "../../../key-server/registry/sqlite/file_error.ts";
import { entityKinds } from "../../../key-server/registry/entities.ts";
import type { EntityKind } from "../../../key-server/registry/entities.ts";
import type { RegistryState } from "../../../key-server/registry/registry.ts";
import { keyEntity, nameEntity, openRegistry, put } from "../../../key-server/registry/testing/entities.ts";
import { type FuzzSubject, type FuzzTarget, promise } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";

function written(): Uint8Array {
  using registry = openRegistry();
  put(registry, { kind: "key", put: keyEntity("www") });
  const binding = { key: "www", phase: "active" } as const;
  put(registry, { kind: "name", put: nameEntity("www.holdfast.test", { bindings: [binding] }) });
  return registry.snapshot();
}

function textOf(state: RegistryState): string {
  const kinds = Object.keys(entityKinds) as EntityKind[];
  return JSON.stringify([state.version, ...kinds.map((kind) => state.list(kind))]);
}

/** A backup that somebody restores is the one that was written, or refused. */
class RegistrySnapshotSubject implements FuzzSubject {
  readonly seeds = [written()];
  readonly #text = textOf(readSnapshot(this.seeds[0]!));

  run(input: Uint8Array): string {
    return outcomeOf(() => {
      promise(textOf(readSnapshot(input)) === this.#text, "a backup is taken that says something else");
      return "taken";
    }, RegistryFileError);
  }
}

export const registrySnapshotTarget: FuzzTarget = {
  name: "registry-snapshot",
  about: "backups of the registry that are restored",
  open: () => new RegistrySnapshotSubject(),
};
