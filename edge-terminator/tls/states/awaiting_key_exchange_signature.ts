import { encodeCertificateStatus } from "../../../shared/tls_messages/certificate_status.ts";
import { encodeCertificateTls12 } from "../../../shared/tls_messages/certificate_tls12.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import {
  encodeServerEcdhParams,
  encodeServerKeyExchange,
} from "../../../shared/tls_messages/server_key_exchange.ts";
import type { Connection } from "../connection.ts";
import type { KeyPair } from "../key_exchange/key_pair.ts";
import { newSessionId } from "../sessions/tls12_session_id.ts";
import { ticketDomainOf, type TlsSite } from "../site.ts";
import { chooseTls12, type Tls12EphemeralChoice } from "../tls12/tls12_choice.ts";
import { maxSentContentOf, type Tls12Handshake } from "../tls12/tls12_handshake.ts";
import { encodeTls12ServerHello, tls12ServerRandom } from "../tls12/tls12_server_hello.ts";
import { expectEncryptedPremaster } from "./awaiting_encrypted_premaster.ts";
import {
  type AfterClientCertificate,
  type AwaitingTls12ClientCertificate,
  endServerFlight,
} from "./awaiting_tls12_client_certificate.ts";

/** TLS 1.2: ServerHello and Certificate are written; ServerKeyExchange waits for the private key. */
export interface AwaitingKeyExchangeSignature {
  readonly name: "awaiting-key-exchange-signature";
  readonly handshake: Tls12Handshake;
  readonly choice: Tls12EphemeralChoice;
  readonly keyPair: KeyPair;
}

/** RFC 5246, Section 7.3, up to ServerKeyExchange (RFC 8422, Section 5.4), which RSA key exchange does without. */
export function startTls12(
  connection: Connection,
  hello: ClientHello,
  site: TlsSite,
): AwaitingKeyExchangeSignature | AfterClientCertificate | AwaitingTls12ClientCertificate {
  const { options, keeper, transcript } = connection;
  const choice = chooseTls12(options, site, hello);
  transcript.add(hello.raw);
  transcript.useHash(choice.suite.hash);
  // A client with a certificate signs the messages themselves.
  if (site.clientCertificates === undefined) transcript.forgetMessages();
  const promisesTicket = options.tickets !== undefined && hello.known.sessionTicket !== undefined;
  const sessionId = newSessionId(options, promisesTicket);
  const handshake: Tls12Handshake = {
    terms: choice,
    group: choice.group?.id ?? 0,
    signatureScheme: choice.group === undefined ? 0 : choice.signatureScheme,
    randoms: { client: hello.random.slice(), server: tls12ServerRandom(options) },
    extendedMasterSecret: hello.known.extendedMasterSecret === true,
    staples: hello.known.statusRequest !== undefined && choice.certificate.ocspResponse !== undefined,
    maxSentContent: maxSentContentOf(options, hello),
    sessionId,
    cachesSession: sessionId.length > 0,
    promisesTicket,
    acknowledgesServerName: choice.serverName !== undefined && (site.acknowledgesServerName ?? true),
    epoch: site.resumptionEpoch ?? 0,
    ticketDomain: ticketDomainOf(site),
    clientCertificates: site.clientCertificates,
  };
  connection.send(encodeTls12ServerHello(hello, handshake));
  connection.send(encodeCertificateTls12({ certificateList: choice.certificate.chain }));
  const { ocspResponse } = choice.certificate;
  if (handshake.staples) connection.send(encodeCertificateStatus({ ocspResponse: ocspResponse! }));
  if (choice.group === undefined) return expectEncryptedPremaster(connection, hello, handshake, choice);
  const keyPair = keeper.keep(options.generateKeyPair(choice.group.curve));
  requestKeyExchangeSignature(connection, handshake, choice, keyPair);
  return { name: "awaiting-key-exchange-signature", handshake, choice, keyPair };
}

function requestKeyExchangeSignature(
  connection: Connection,
  { randoms }: Tls12Handshake,
  choice: Tls12EphemeralChoice,
  keyPair: KeyPair,
): void {
  const params = { namedCurve: choice.group.id, publicKey: keyPair.publicKey };
  connection.emit({
    type: "signature-needed",
    request: {
      kind: "tls12-server-key-exchange",
      scheme: choice.signatureScheme,
      certificate: choice.certificate,
      ...(choice.serverName === undefined ? {} : { serverName: choice.serverName }),
      clientRandom: randoms.client,
      serverRandom: randoms.server,
      ...params,
      params: encodeServerEcdhParams(params),
    },
  });
}

/** RFC 8422, Section 5.4: ServerKeyExchange to ServerHelloDone go out. */
export function receiveKeyExchangeSignature(
  { handshake, choice, keyPair }: AwaitingKeyExchangeSignature,
  connection: Connection,
  signature: Uint8Array,
): AfterClientCertificate | AwaitingTls12ClientCertificate {
  connection.send(encodeServerKeyExchange({
    params: { namedCurve: choice.group.id, publicKey: keyPair.publicKey },
    algorithm: choice.signatureScheme,
    signature,
  }));
  return endServerFlight(connection, { name: "awaiting-client-key-exchange", handshake, keyPair });
}
