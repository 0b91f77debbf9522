import { IssuanceError } from "../issuance/errors.ts";
import type { AlpnChallenge } from "../issuance/acme/alpn_certificate.ts";
import type { KeyEntity } from "../registry/entities/key.ts";
import type { RotationEntity } from "../registry/entities/rotation.ts";
import type { Change } from "../registry/registry.ts";
import type { RotationParts } from "./step.ts";

/** Milliseconds after which it is looked at again whether the key server has opened the key. */
const glance = 100;

/**
 * Has edges answer a CA's tls-alpn-01 challenges (RFC 8737): they get the certificates, and the authorizer lets those of the
 * name sign with the new key from then on. Resolves when every live edge has them. Throws IssuanceError when there is no
 * edge, and what `signal` was aborted with.
 */
export async function answerChallenges(
  rotation: RotationEntity,
  key: KeyEntity,
  challenges: readonly AlpnChallenge[],
  parts: RotationParts,
  signal: AbortSignal,
): Promise<void> {
  const { registry, rollout } = parts;
  if (rollout.edges.length === 0) {
    throw new IssuanceError("answer the CA's challenge", "no edge is connected");
  }
  signal.throwIfAborted();
  const { state } = registry;
  const changes = challenges.map((challenge): Change => {
    return { kind: "challenge", put: { ...challenge, key: key.name } };
  });
  const version = registry.commit(changes, {
    author: "holdfast:rotation",
    reason: `rotate ${rotation.name}: answer the CA's challenges`,
    expectedVersion: state.version,
  });
  await untilTaken(rotation.name, version, key, parts, signal);
}

/** Until all live edges serve by that version and the key server answers for the key. */
function untilTaken(
  name: string,
  version: number,
  { subjectKeyIdentifier }: KeyEntity,
  { rollout, isServed, clock }: RotationParts,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cleanup = new DisposableStack();
  let timer: Disposable | undefined;
  const look = () => {
    timer?.[Symbol.dispose]();
    if (signal.aborted) return reject(signal.reason);
    if (rollout.behind(name, version).length === 0 && isServed(subjectKeyIdentifier)) return resolve();
    timer = clock.after(glance, look);
  };
  cleanup.use(rollout.watch(look));
  signal.addEventListener("abort", look);
  cleanup.defer(() => signal.removeEventListener("abort", look));
  look();
  return promise.finally(() => {
    timer?.[Symbol.dispose]();
    cleanup.dispose();
  });
}
