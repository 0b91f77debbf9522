import { AlertDescription } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import type { Connection } from "../connection.ts";
import { nothingInCommon } from "../errors.ts";
import type { TlsSite } from "../site.ts";
import { chooseTls13, type Tls13Choice } from "../tls13_choice.ts";
import { type AwaitingEncapsulation, requestEncapsulation } from "./awaiting_encapsulation.ts";
import { type AwaitingSecondClientHello, sendHelloRetryRequest } from "./awaiting_second_client_hello.ts";
import { type AwaitingKeyExchangeSignature, startTls12 } from "./awaiting_key_exchange_signature.ts";
import type { AwaitingSignature } from "./awaiting_signature.ts";
import { isHybrid } from "../key_exchange/groups.ts";
import { answerShare, splitClientShare } from "../key_exchange/server_share.ts";
import { sendServerFlight } from "../server_flight.ts";

/** The name is known; the certificates that go with it are not. */
export interface AwaitingSite {
  readonly name: "awaiting-site";
  readonly hello: ClientHello;
}

/** The handshake's parameters are chosen; the client's share of the group decides how it goes on. */
export function receiveSite(
  { hello }: AwaitingSite,
  connection: Connection,
  site: TlsSite | undefined,
): AwaitingSecondClientHello | AwaitingEncapsulation | AwaitingSignature | AwaitingKeyExchangeSignature {
  if (site === undefined) {
    throw nothingInCommon(
      AlertDescription.unrecognized_name,
      "UNRECOGNIZED_NAME",
      "nobody here has the name asked for",
    );
  }
  if (connection.version === "TLS 1.2") return startTls12(connection, hello, site);
  const choice = chooseTls13(connection.options, site, hello);
  connection.transcript.useHash(choice.suite.hash);
  const share = clientShare(hello, choice);
  if (hello.known.earlyData) connection.records.earlyData.start();
  return share === undefined
    ? sendHelloRetryRequest(connection, hello, choice)
    : exchangeKeys(connection, hello, choice, share, false);
}

/** The client's share for the chosen group; undefined when it guessed another. */
export function clientShare(hello: ClientHello, choice: Tls13Choice): Uint8Array | undefined {
  return hello.known.keyShare?.find(({ group }) => group === choice.group.id)?.keyExchange;
}

/** Answers the share and sends the flight; a hybrid's ML-KEM part is computed elsewhere first. */
export function exchangeKeys(
  connection: Connection,
  hello: ClientHello,
  choice: Tls13Choice,
  share: Uint8Array,
  helloRetryRequest: boolean,
): AwaitingEncapsulation | AwaitingSignature {
  if (isHybrid(choice.group)) {
    const { encapsulationKey } = splitClientShare(choice.group, share);
    return requestEncapsulation(connection, { hello, choice, share, helloRetryRequest }, encapsulationKey);
  }
  const { pool, options } = connection;
  return sendServerFlight(
    connection,
    hello,
    choice,
    answerShare(pool, options.generateKeyPair, choice.group, share),
    helloRetryRequest,
  );
}
