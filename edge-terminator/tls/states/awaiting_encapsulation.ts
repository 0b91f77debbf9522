import { KeyAgreementError } from "../../../shared/libcrypto/errors.ts";
import { AlertDescription } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { InternalFailure } from "../../../shared/tls_messages/errors.ts";
import type { Connection } from "../connection.ts";
import { misbehaved } from "../errors.ts";
import { answerShare, type Encapsulation } from "../key_exchange/server_share.ts";
import { sendServerFlight } from "../server_flight.ts";
import type { Tls13Choice } from "../tls13_choice.ts";
import type { AwaitingSignature } from "./awaiting_signature.ts";

/** A hybrid group is chosen; its ML-KEM part is under way, because the platform computes it asynchronously. */
export interface AwaitingEncapsulation extends PendingExchange {
  readonly name: "awaiting-encapsulation";
}

interface PendingExchange {
  readonly hello: ClientHello;
  readonly choice: Tls13Choice;
  readonly share: Uint8Array;
  readonly helloRetryRequest: boolean;
}

export function requestEncapsulation(
  connection: Connection,
  exchange: PendingExchange,
  encapsulationKey: Uint8Array,
): AwaitingEncapsulation {
  connection.emit({ type: "encapsulation-needed", group: exchange.choice.group.id, encapsulationKey });
  return { name: "awaiting-encapsulation", ...exchange };
}

/** draft-ietf-tls-ecdhe-mlkem, Section 3.1.2. The ML-KEM secret stays the caller's. */
export function receiveEncapsulation(
  state: AwaitingEncapsulation,
  connection: Connection,
  encapsulation: Encapsulation,
): AwaitingSignature {
  const { hello, choice, share, helloRetryRequest } = state;
  const { pool, options } = connection;
  const answer = answerShare(pool, options.generateKeyPair, choice.group, share, encapsulation);
  return sendServerFlight(connection, hello, choice, answer, helloRetryRequest);
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
