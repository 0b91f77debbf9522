import type { PublicKey } from "../../token/public_key.ts";
import type { KeyEntity } from "../entities/key.ts";

/** How the registry calls a key of this kind. */
export function algorithmOf(
  { keyType, keyBits }: Pick<PublicKey, "keyType" | "keyBits">,
): KeyEntity["algorithm"] {
  return keyType === "rsa" ? `rsa-${keyBits}` : keyType;
}
