import type { KeyAgreementGroup } from "../../../shared/libcrypto/key_agreement.ts";
import { NamedGroup } from "../../../shared/tls_constants.ts";

/** A group of a key exchange: an elliptic curve, alone or after an ML-KEM. */
export interface KeyExchangeGroup {
  readonly id: number;
  readonly curve: KeyAgreementGroup;
  /** Bytes of the ML-KEM encapsulation key before the curve's share; 0 for a curve alone. */
  readonly encapsulationKeyLength: number;
  /** Bytes of the curve's public key. */
  readonly curveShareLength: number;
}

const groups: readonly KeyExchangeGroup[] = [
  { id: NamedGroup.x25519, curve: "x25519", encapsulationKeyLength: 0, curveShareLength: 32 },
  { id: NamedGroup.secp256r1, curve: "secp256r1", encapsulationKeyLength: 0, curveShareLength: 65 },
  { id: NamedGroup.secp384r1, curve: "secp384r1", encapsulationKeyLength: 0, curveShareLength: 97 },
  // draft-ietf-tls-ecdhe-mlkem, Section 3.1: the ML-KEM part comes first in both shares and in the secret.
  { id: NamedGroup.X25519MLKEM768, curve: "x25519", encapsulationKeyLength: 1184, curveShareLength: 32 },
];

/** The group of an IANA number; undefined when the engine does not speak it. */
export function findGroup(id: number): KeyExchangeGroup | undefined {
  return groups.find((group) => group.id === id);
}

/** Whether a group joins an ML-KEM, which only TLS 1.3 has. */
export function isHybrid(group: KeyExchangeGroup): boolean {
  return group.encapsulationKeyLength > 0;
}
