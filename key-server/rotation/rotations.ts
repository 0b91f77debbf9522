import type { KeyAlgorithm } from "../token/generate.ts";
import type { RotationEntity } from "../registry/entities/rotation.ts";

/** What an operator asks for. */
export interface RotationRequest {
  /** Of a name entity. */
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  readonly issuer: RotationEntity["issuer"];
  /** Milliseconds that the old key answers on after the switch was acknowledged. */
  readonly drainTime: number;
  /** Whether the old keys are destroyed in the token at the end. */
  readonly destroys: boolean;
}

/**
 * Rotations of names' keys and certificates. Each step is a registry transaction, so a key server that was killed goes on
 * where it was. Every method throws RotationError for what cannot be done at the step where a rotation stands.
 */
export interface Rotations {
  /** Begins one; a name has at most one at a time. Returns at once: what follows is seen in the registry. */
  start(request: RotationRequest, author: string): RotationEntity;
  /** Before the switch: takes the new key and certificate away again. */
  abort(id: string, author: string): void;
  /** After the switch and until the old keys are destroyed: the old certificate is served again. */
  rollback(id: string, author: string): void;
  /** The PKCS#10 request in PEM, signed in the token, of a rotation that waits for an external CA. */
  certificateRequest(id: string): Promise<string>;
  /** The external CA's answer: PEM, leaf first. Checked against key, names, validity and chain. */
  installCertificate(id: string, chainPem: string, author: string): Promise<void>;
}
