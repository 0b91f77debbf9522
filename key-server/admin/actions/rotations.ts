import { createHash } from "node:crypto";
import type { RotationEntity } from "../../registry/entities/rotation.ts";
import { notFound } from "../errors.ts";
import type { RotationView, StartRotation } from "../schemas/rotations.ts";
import type { AdminServices } from "../services.ts";
import { hasEnded } from "./names.ts";

/** Those under way first, then the newest. */
export function listRotations(services: AdminServices): RotationView[] {
  return services.registry.state.list("rotation")
    .toSorted((a, b) => Number(hasEnded(a)) - Number(hasEnded(b)) || b.startedAt.localeCompare(a.startedAt))
    .map((rotation) => viewOfRotation(services, rotation));
}

export function getRotation(services: AdminServices, id: string): RotationView {
  const rotation = services.registry.state.get("rotation", id);
  if (rotation === undefined) throw notFound("show a rotation", "rotation", id);
  return viewOfRotation(services, rotation);
}

/** The rotation as soon as its revision is not this one any more, or after `patience` milliseconds as it is. */
export async function nextRotation(
  services: AdminServices,
  id: string,
  revision: string,
  patience: number,
): Promise<RotationView> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    if (getRotation(services, id).revision !== revision) resolve();
  };
  using _registry = services.registry.watch(look);
  using _rollout = services.rollout.watch(look);
  const timer = setTimeout(resolve, patience);
  look();
  await promise.finally(() => clearTimeout(timer));
  return getRotation(services, id);
}

export function startRotation(services: AdminServices, request: StartRotation, author: string): RotationView {
  if (services.registry.state.get("name", request.name) === undefined) {
    throw notFound("rotate", "name", request.name);
  }
  const given = Object.entries(request).filter(([, value]) => value !== undefined);
  const rotation = services.rotations.start(Object.fromEntries(given) as { name: string }, author);
  return viewOfRotation(services, rotation);
}

export function abortRotation(services: AdminServices, id: string, author: string): RotationView {
  getRotation(services, id);
  services.rotations.abort(id, author);
  return getRotation(services, id);
}

export function rollBackRotation(services: AdminServices, id: string, author: string): RotationView {
  getRotation(services, id);
  services.rotations.rollback(id, author);
  return getRotation(services, id);
}

function viewOfRotation({ rollout }: AdminServices, rotation: RotationEntity): RotationView {
  const { name, awaitedVersion, step } = rotation;
  const waits = awaitedVersion !== undefined && (step === "await-staged" || step === "await-switched");
  const behind = (waits ? rollout.behind(name, awaitedVersion) : []).map((edge) => ({
    edge: edge.edge,
    acknowledgedVersion: edge.acknowledgedVersion,
    problem: edge.problems.get(name) ?? null,
  }));
  const view = { ...rotation, ended: hasEnded(rotation), behind };
  const revision = createHash("sha256").update(JSON.stringify(view)).digest("hex").slice(0, 16);
  return { ...view, revision };
}
