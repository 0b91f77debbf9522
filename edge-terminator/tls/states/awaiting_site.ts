import { AlertDescription } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import type { Connection } from "../connection.ts";
import { nothingInCommon } from "../errors.ts";
import { isHybrid } from "../key_exchange/groups.ts";
import { answerShare, splitClientShare } from "../key_exchange/server_share.ts";
import { sendServerFlight } from "../server_flight.ts";
import type { TlsSite } from "../site.ts";
import { acceptPsk } from "../tickets/tls13_psk.ts";
import { chooseSigner, chooseTls13, type Tls13Choice } from "../tls13_choice.ts";
import { tryTls12Resumption } from "../tls12/tls12_resumption.ts";
import type { AwaitingChangeCipherSpec } from "./awaiting_change_cipher_spec.ts";
import { type AwaitingEncapsulation, requestEncapsulation } from "./awaiting_encapsulation.ts";
import type { AwaitingFinished } from "./awaiting_finished.ts";
import { type AwaitingKeyExchangeSignature, startTls12 } from "./awaiting_key_exchange_signature.ts";
import { type AwaitingSession, requestSession } from "./awaiting_session.ts";
import { type AwaitingSecondClientHello, sendHelloRetryRequest } from "./awaiting_second_client_hello.ts";
import type { AwaitingSignature } from "./awaiting_signature.ts";
import type {
  AfterClientCertificate,
  AwaitingTls12ClientCertificate,
} from "./awaiting_tls12_client_certificate.ts";
import type { Tls13Plan } from "./tls13_handshake.ts";

/** The name is known; the certificates that go with it are not. */
export interface AwaitingSite {
  readonly name: "awaiting-site";
  readonly hello: ClientHello;
}

type AfterSite =
  | AwaitingSecondClientHello
  | AwaitingSession
  | AwaitingEncapsulation
  | AwaitingSignature
  | AwaitingFinished
  | AwaitingKeyExchangeSignature
  | AfterClientCertificate
  | AwaitingTls12ClientCertificate
  | AwaitingChangeCipherSpec;

/** The handshake's parameters are chosen; the client's share of the group decides how it goes on. */
export function receiveSite(
  { hello }: AwaitingSite,
  connection: Connection,
  site: TlsSite | undefined,
): AfterSite {
  if (site === undefined) {
    throw nothingInCommon(
      AlertDescription.unrecognized_name,
      "UNRECOGNIZED_NAME",
      "nobody here has the name asked for",
    );
  }
  if (connection.version === "TLS 1.2") {
    return tryTls12Resumption(connection, hello, site) ?? requestSession(connection, hello, site) ??
      startTls12(connection, hello, site);
  }
  const choice = chooseTls13(connection.options, site, hello);
  connection.transcript.useHash(choice.suite.hash);
  const plan = planHandshake(connection, hello, site, choice, false);
  if (hello.known.earlyData) connection.records.earlyData.start();
  const share = clientShare(hello, choice);
  return share === undefined
    ? sendHelloRetryRequest(connection, plan)
    : exchangeKeys(connection, plan, share);
}

/** Decides how the server proves itself, and takes the ClientHello into the transcript. */
export function planHandshake(
  connection: Connection,
  hello: ClientHello,
  site: TlsSite,
  choice: Tls13Choice,
  helloRetryRequest: boolean,
): Tls13Plan {
  const authentication = acceptPsk(connection, site, hello, choice) ?? chooseSigner(site, hello);
  connection.transcript.add(hello.raw);
  return { hello, site, choice, authentication, helloRetryRequest };
}

/** The client's share for the chosen group; undefined when it guessed another. */
export function clientShare(hello: ClientHello, choice: Tls13Choice): Uint8Array | undefined {
  return hello.known.keyShare?.find(({ group }) => group === choice.group.id)?.keyExchange;
}

/** Answers the share and sends the flight; a hybrid's ML-KEM part is computed elsewhere first. */
export function exchangeKeys(
  connection: Connection,
  plan: Tls13Plan,
  share: Uint8Array,
): AwaitingEncapsulation | AwaitingSignature | AwaitingFinished {
  const { group } = plan.choice;
  if (isHybrid(group)) {
    return requestEncapsulation(connection, plan, share, splitClientShare(group, share).encapsulationKey);
  }
  const { pool, options } = connection;
  return sendServerFlight(connection, plan, answerShare(pool, options.generateKeyPair, group, share));
}
