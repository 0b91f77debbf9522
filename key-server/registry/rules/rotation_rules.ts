import type { RotationEntity } from "../entities/rotation.ts";
import type { Change, RegistryState } from "../registry.ts";

/** Whether a rotation goes on; what is over is kept as history, and nothing is asked of it. */
export function isUnderWay({ step }: RotationEntity): boolean {
  return step !== "done" && step !== "aborted" && step !== "rolled-back";
}

/** A name has at most one rotation at a time. */
export function* rotationProblems(
  _: RegistryState,
  after: RegistryState,
  __: readonly Change[],
): Iterable<string> {
  const underWay = new Map<string, string>();
  for (const rotation of after.list("rotation").filter(isUnderWay)) {
    const { id, name } = rotation;
    if (after.get("name", name) === undefined) yield `the rotation ${id} is of ${name}, which is not there`;
    if (underWay.has(name)) yield `${name} has a rotation under way, ${underWay.get(name)}`;
    underWay.set(name, id);
  }
}
