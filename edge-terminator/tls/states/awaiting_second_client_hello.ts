import { AlertDescription, ProtocolVersion } from "../../../shared/tls_constants.ts";
import { type ClientHello, decodeClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { checkTls13ClientHello } from "../../../shared/tls_messages/client_hello_rules.ts";
import { encodeExtension } from "../../../shared/tls_messages/extensions/extension.ts";
import { extensionMatrix } from "../../../shared/tls_messages/extensions/matrix.ts";
import type { HandshakeMessage } from "../../../shared/tls_messages/handshake.ts";
import {
  encodeServerHello,
  helloRetryRequestRandom,
  tls13ServerHelloConstants,
} from "../../../shared/tls_messages/server_hello.ts";
import type { Connection } from "../connection.ts";
import { misbehaved } from "../errors.ts";
import { requireUnchanged } from "../negotiation/second_client_hello.ts";
import { sendCompatibleChangeCipherSpec } from "../server_flight.ts";
import type { TlsSite } from "../site.ts";
import type { Tls13Choice } from "../tls13_choice.ts";
import type { AwaitingEncapsulation } from "./awaiting_encapsulation.ts";
import type { AwaitingSignature } from "./awaiting_signature.ts";
import { clientShare, exchangeKeys, planHandshake } from "./awaiting_site.ts";
import type { Tls13Plan } from "./tls13_handshake.ts";
import type { AwaitingFinished } from "./awaiting_finished.ts";

/** A HelloRetryRequest is sent. The choice stands: it was made on the first ClientHello. */
export interface AwaitingSecondClientHello {
  readonly name: "awaiting-second-client-hello";
  readonly first: ClientHello;
  readonly site: TlsSite;
  readonly choice: Tls13Choice;
  /** Whether a PSK of the first ClientHello would have resumed. */
  readonly resumes: boolean;
}

/** RFC 8446, Section 4.1.4. No cookie: the engine keeps its state. A PSK is accepted again on the second ClientHello. */
export function sendHelloRetryRequest(connection: Connection, plan: Tls13Plan): AwaitingSecondClientHello {
  const { hello: first, site, choice, authentication } = plan;
  if ("psk" in authentication) connection.keeper.release(authentication.psk);
  connection.transcript.replaceWithMessageHash();
  connection.send(encodeServerHello({
    ...tls13ServerHelloConstants,
    random: helloRetryRequestRandom,
    legacySessionIdEcho: first.legacySessionId,
    cipherSuite: choice.suite.id,
    extensions: [
      encodeExtension(extensionMatrix.keyShare.HelloRetryRequest, choice.group.id),
      encodeExtension(extensionMatrix.supportedVersions.HelloRetryRequest, ProtocolVersion.TLSv1_3),
    ],
  }));
  sendCompatibleChangeCipherSpec(connection, first);
  return { name: "awaiting-second-client-hello", first, site, choice, resumes: "psk" in authentication };
}

/** RFC 8446, Sections 4.1.2 and 4.2.8 */
export function receiveSecondClientHello(
  { first, site, choice, resumes }: AwaitingSecondClientHello,
  connection: Connection,
  message: HandshakeMessage,
): AwaitingEncapsulation | AwaitingSignature | AwaitingFinished {
  const hello = decodeClientHello(message);
  requireUnchanged(first, hello);
  checkTls13ClientHello(hello);
  const share = clientShare(hello, choice);
  if (share === undefined || hello.known.keyShare?.length !== 1) {
    throw misbehaved(
      AlertDescription.illegal_parameter,
      "WRONG_CURVE",
      "its second ClientHello has not the share asked for",
    );
  }
  connection.expectEndOfFlight();
  const plan = planHandshake(connection, hello, site, choice, true);
  if (resumes && !("psk" in plan.authentication)) throw lostPsk(hello);
  return exchangeKeys(connection, plan, share);
}

/** RFC 8446, Section 4.1.2: a client may only take out the PSKs that do not fit the suite. */
function lostPsk(hello: ClientHello) {
  const why = "its second ClientHello has not the PSK of the first";
  return hello.known.preSharedKey === undefined
    ? misbehaved(AlertDescription.missing_extension, "MISSING_EXTENSION", why)
    : misbehaved(AlertDescription.illegal_parameter, "PSK_IDENTITY_NOT_FOUND", why);
}
