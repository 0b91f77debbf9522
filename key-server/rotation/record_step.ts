import type { RotationEntity } from "../registry/entities/rotation.ts";
import { type Registry, RegistryConflictError } from "../registry/registry.ts";
import type { Clock } from "./clock.ts";
import type { RotationFields, StepOutcome } from "./step.ts";

type Advance = Extract<StepOutcome, { type: "advance" }>;

/** Whether the rotation is still where a step began: it may have been aborted or rolled back meanwhile. */
function isWhereItWas(before: RotationEntity, now: RotationEntity | undefined): now is RotationEntity {
  return now !== undefined && now.step === before.step && now.ending === before.ending;
}

function withFields(rotation: RotationEntity, fields: RotationFields): RotationEntity {
  const { problem: _, ...rest } = rotation;
  return { ...rest, ...fields };
}

/** Commits what a step came to, in one transaction. False: nobody wants it any more. Throws RegistryError. */
export function recordAdvance(
  registry: Registry,
  clock: Clock,
  began: RotationEntity,
  { to, changes, fields }: Advance,
): boolean {
  const { state } = registry;
  const current = state.get("rotation", began.id);
  if (!isWhereItWas(began, current)) return false;
  const stepSince = to === current.step ? current.stepSince : clock.now().toISOString();
  const put = { ...withFields(current, fields?.(state) ?? {}), step: to, stepSince };
  registry.commit([...changes?.(state) ?? [], { kind: "rotation", put }], {
    author: "holdfast:rotation",
    reason: `rotate ${current.name}: ${to}`,
    expectedVersion: state.version,
  });
  return true;
}

/** Writes down what keeps a rotation where it is, once for each new reason. */
export function recordProblem(registry: Registry, began: RotationEntity, problem: string): void {
  const { state } = registry;
  const current = state.get("rotation", began.id);
  const text = problem.slice(0, 2000);
  if (!isWhereItWas(began, current) || current.problem === text) return;
  try {
    registry.commit([{ kind: "rotation", put: { ...current, problem: text } }], {
      author: "holdfast:rotation",
      reason: `rotate ${current.name}: ${current.step} is not possible now`,
      expectedVersion: state.version,
    });
  } catch (error) {
    if (!(error instanceof RegistryConflictError)) throw error;
  }
}
