import type { TokenPlace } from "../../issuance/token_keys.ts";
import type { KeyEntity } from "../../registry/entities/key.ts";
import type { RotationEntity } from "../../registry/entities/rotation.ts";
import type { RegistryState } from "../../registry/registry.ts";
import { decrypts } from "../../issuance/purposes.ts";
import { keyOf } from "../arriving_and_leaving.ts";
import type { RotationParts, StepOutcome } from "../step.ts";

/** Characters of the name in a key's label: some tokens have short ones. */
const namePart = 46;

/** The new key's name and its label in the token: the rotation's own, so that after a crash it is found and not made twice. */
export function newKeyName({ id, name }: Pick<RotationEntity, "id" | "name">): string {
  return `${name.slice(0, namePart)}-${id}`;
}

/** Where the new key is made: where the first of the old ones is, unless told. */
export function newKeyToken(
  state: RegistryState,
  { token, replaces }: RotationEntity,
): TokenPlace {
  if (token !== undefined) return { label: token };
  const [old] = replaces;
  return old && { ofKey: keyOf(state, old.key).uri };
}

/** What the replaced keys are for, as far as a key of this algorithm can do it. */
function newKeyPurposes(
  state: RegistryState,
  { algorithm, replaces }: RotationEntity,
): KeyEntity["purposes"] {
  const purposes = [...new Set(replaces.flatMap(({ key }) => keyOf(state, key).purposes))]
    .filter((purpose) => purpose !== "rsa-key-exchange" || algorithm.startsWith("rsa-"));
  return purposes.length > 0 ? purposes : ["sign-tls13", "sign-tls12"];
}

/** Makes the new key in the token; it is entered as active, and no name has it yet. */
export async function generateKey(rotation: RotationEntity, parts: RotationParts): Promise<StepOutcome> {
  const { state } = parts.registry;
  const { algorithm } = rotation;
  const label = newKeyName(rotation);
  const purposes = newKeyPurposes(state, rotation);
  const { uri, publicKey } = await parts.tokenKeys.generate(newKeyToken(state, rotation), {
    label,
    algorithm,
    decrypts: decrypts({ purposes }),
    once: true,
  });
  const at = parts.clock.now().toISOString();
  const key: KeyEntity = {
    name: label,
    uri,
    subjectKeyIdentifier: publicKey.subjectKeyIdentifier.toHex(),
    algorithm,
    purposes,
    state: "active",
    origin: "generated",
    createdAt: at,
    stateSince: at,
  };
  return {
    type: "advance",
    to: "request-certificate",
    changes: () => [{ kind: "key", put: key }],
    fields: () => ({ newKey: label }),
  };
}
