import { AlertDescription } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { requireUncompressedPoints } from "../../../shared/tls_messages/extensions/ec_point_formats.ts";
import { requireInitialHandshake } from "../../../shared/tls_messages/extensions/renegotiation_info.ts";
import { nothingInCommon } from "../errors.ts";
import type { ResolvedOptions } from "../server_options.ts";
import type { NegotiatedParameters } from "../server_events.ts";
import type { Randoms, Tls12MasterSecret } from "./master_secret.ts";
import { refuseFallback, type Tls12Choice } from "./tls12_choice.ts";
import { ProtocolVersion } from "../../../shared/tls_constants.ts";

/** What a TLS 1.2 handshake has agreed on by its ServerHello. */
export interface Tls12Handshake {
  readonly choice: Tls12Choice;
  readonly randoms: Randoms;
  readonly extendedMasterSecret: boolean;
  readonly promisesTicket: boolean;
}

/** A handshake whose secret is there. The connection's keeper keeps it. */
export interface Tls12Secured extends Tls12Handshake {
  readonly master: Tls12MasterSecret;
}

/** What TLS 1.2 demands of a ClientHello besides its form (RFC 5746, RFC 7507, RFC 7627, Section 5.3, RFC 8422). */
export function checkTls12ClientHello(options: ResolvedOptions, hello: ClientHello): void {
  refuseFallback(options, hello);
  requireInitialHandshake(hello.known.renegotiationInfo);
  requireUncompressedPoints(hello.known.ecPointFormats);
  if (options.requiresExtendedMasterSecret && !hello.known.extendedMasterSecret) {
    throw nothingInCommon(
      AlertDescription.handshake_failure,
      "EXTENDED_MASTER_SECRET_REQUIRED",
      "it does not do extended master secrets",
    );
  }
}

export function negotiatedTls12({ choice }: Tls12Handshake, resumed: boolean): NegotiatedParameters {
  return {
    version: ProtocolVersion.TLSv1_2,
    cipherSuite: choice.suite.id,
    group: choice.group.id,
    signatureScheme: resumed ? 0 : choice.signatureScheme,
    ...(choice.serverName === undefined ? {} : { serverName: choice.serverName }),
    ...(choice.alpnProtocol === undefined ? {} : { alpnProtocol: choice.alpnProtocol }),
    resumed,
    helloRetryRequest: false,
  };
}
