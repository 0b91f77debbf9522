/** For tests: commits to a registry as fast as it can, and says each version once it was acknowledged. It is killed. */
import { edgeEntity, openRegistry, put } from "./entities.ts";

const [path] = Deno.args;
using registry = openRegistry(path);
const encoder = new TextEncoder();
for (;;) {
  const next = registry.state.version + 1;
  // Each transaction is of two entities, one of them seen before; long enough that the WAL is checkpointed on the way.
  const reason = `${next} `.repeat(150);
  const version = put(
    registry,
    { kind: "edge", put: edgeEntity(`x:${next}`, { reason }) },
    { kind: "edge", put: edgeEntity("x:last", { reason: String(next) }) },
  );
  Deno.stdout.writeSync(encoder.encode(`${version}\n`));
}
