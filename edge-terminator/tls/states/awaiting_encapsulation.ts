import { KeyAgreementError } from "../../../shared/libcrypto/errors.ts";
import { AlertDescription } from "../../../shared/tls_constants.ts";
import { InternalFailure } from "../../../shared/tls_messages/errors.ts";
import type { Connection } from "../connection.ts";
import { misbehaved } from "../errors.ts";
import { answerShare, type Encapsulation } from "../key_exchange/server_share.ts";
import { sendServerFlight } from "../server_flight.ts";
import type { AwaitingFinished } from "./awaiting_finished.ts";
import type { AwaitingSignature } from "./awaiting_signature.ts";
import type { Tls13Plan } from "./tls13_handshake.ts";

/** A hybrid group is chosen; its ML-KEM part is under way, because the platform computes it asynchronously. */
export interface AwaitingEncapsulation {
  readonly name: "awaiting-encapsulation";
  readonly plan: Tls13Plan;
  readonly share: Uint8Array;
}

/** Asks the owner of the engine for the ML-KEM part of a hybrid group. */
export function requestEncapsulation(
  connection: Connection,
  plan: Tls13Plan,
  share: Uint8Array,
  encapsulationKey: Uint8Array,
): AwaitingEncapsulation {
  connection.emit({ type: "encapsulation-needed", group: plan.choice.group.id, encapsulationKey });
  return { name: "awaiting-encapsulation", plan, share };
}

/** draft-ietf-tls-ecdhe-mlkem, Section 3.1.2. The ML-KEM secret stays the caller's. */
export function receiveEncapsulation(
  { plan, share }: AwaitingEncapsulation,
  connection: Connection,
  encapsulation: Encapsulation,
): AwaitingSignature | AwaitingFinished {
  const { pool, options } = connection;
  const answer = answerShare(pool, options.generateKeyPair, plan.choice.group, share, encapsulation);
  return sendServerFlight(connection, plan, answer);
}

/** A key that is no ML-KEM key is the client's fault, anything else is ours. */
export function failEncapsulation(error: Error): never {
  if (error instanceof KeyAgreementError) {
    throw misbehaved(
      AlertDescription.illegal_parameter,
      "BAD_ECPOINT",
      "its key share is no valid ML-KEM key",
    );
  }
  throw new InternalFailure("Cannot agree on a key: the encapsulation failed", { cause: error });
}
