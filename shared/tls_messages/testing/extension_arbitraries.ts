import fc, { type Arbitrary } from "fast-check";
import { alpnProtocols, alpnSelected } from "../extensions/alpn.ts";
import { certificateAuthorities } from "../extensions/certificate_authorities.ts";
import * as certificateType from "../extensions/certificate_type.ts";
import { compressCertificate } from "../extensions/compress_certificate.ts";
import { cookie } from "../extensions/cookie.ts";
import { earlyData, earlyDataNewSessionTicket } from "../extensions/early_data.ts";
import { ecPointFormats } from "../extensions/ec_point_formats.ts";
import { extendedMasterSecret } from "../extensions/extended_master_secret.ts";
import { encodeExtension, type Extension, type ExtensionCodec } from "../extensions/extension.ts";
import * as keyShare from "../extensions/key_share.ts";
import { type ExtensionMessage, matrixColumn } from "../extensions/matrix.ts";
import { maxFragmentLength } from "../extensions/max_fragment_length.ts";
import { oidFilters } from "../extensions/oid_filters.ts";
import { padding } from "../extensions/padding.ts";
import { postHandshakeAuth } from "../extensions/post_handshake_auth.ts";
import { preSharedKeyClientHello, preSharedKeyServerHello } from "../extensions/pre_shared_key.ts";
import { pskKeyExchangeModes } from "../extensions/psk_key_exchange_modes.ts";
import { recordSizeLimit } from "../extensions/record_size_limit.ts";
import { renegotiationInfo } from "../extensions/renegotiation_info.ts";
import { serverName, serverNameAcknowledged } from "../extensions/server_name.ts";
import { sessionTicket, sessionTicketPromised } from "../extensions/session_ticket.ts";
import { signatureAlgorithms } from "../extensions/signature_algorithms.ts";
import { signatureAlgorithmsCert } from "../extensions/signature_algorithms_cert.ts";
import * as timestamps from "../extensions/signed_certificate_timestamp.ts";
import { stapledOcspResponse, statusRequest, statusRequestFlag } from "../extensions/status_request.ts";
import { supportedGroups } from "../extensions/supported_groups.ts";
import { selectedVersion, supportedVersions } from "../extensions/supported_versions.ts";

export const anyByte = fc.integer({ min: 0, max: 0xff });
export const anyU16 = fc.integer({ min: 0, max: 0xffff });
export const anyU32 = fc.integer({ min: 0, max: 0xffffffff });

export const anyBytes = (minLength: number, maxLength: number): Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength });
export const listOf = <T>(item: Arbitrary<T>, minLength: number, maxLength: number): Arbitrary<T[]> =>
  fc.array(item, { minLength, maxLength });

/** fc.record without the null prototype that no decoder gives. */
export const record = <T>(model: { [Key in keyof T]: Arbitrary<T[Key]> }): Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true }) as Arbitrary<T>;

const u16s = listOf(anyU16, 1, 20);
const label = fc.stringMatching(/^[a-z_-][a-z0-9_-]{0,20}$/);
const hostName = listOf(label, 1, 5).map((labels) => labels.join("."));
const protocolName = anyBytes(1, 20).map((bytes) => String.fromCharCode(...bytes));
const keyShareEntry = record({ group: anyU16, keyExchange: anyBytes(1, 100) });
const present = fc.constant(true as const);
const certificateTypes = fc.uniqueArray(fc.integer({ min: 1, max: 0xff }), { minLength: 1, maxLength: 5 });

const offeredPsks = listOf(
  fc.tuple(record({ identity: anyBytes(1, 60), obfuscatedTicketAge: anyU32 }), anyBytes(1, 48)),
  1,
  4,
).map((pairs) => ({
  identities: pairs.map(([identity]) => identity),
  binders: pairs.map(([, binder]) => binder),
}));

/** Valid values of every codec of the matrix. */
export const extensionArbitraries: ReadonlyMap<ExtensionCodec<unknown>, Arbitrary<unknown>> = new Map<
  ExtensionCodec<unknown>,
  Arbitrary<unknown>
>([
  [serverName, hostName],
  [serverNameAcknowledged, present],
  [maxFragmentLength, anyBytes(0, 4)],
  [
    statusRequest,
    record({ responderIds: listOf(anyBytes(1, 9), 0, 3), requestExtensions: anyBytes(0, 9) }),
  ],
  [statusRequestFlag, present],
  [stapledOcspResponse, anyBytes(1, 200)],
  [supportedGroups, u16s],
  [ecPointFormats, listOf(anyByte, 1, 4)],
  [signatureAlgorithms, u16s],
  [signatureAlgorithmsCert, u16s],
  [alpnProtocols, listOf(protocolName, 1, 5)],
  [alpnSelected, protocolName],
  [timestamps.signedCertificateTimestampRequest, present],
  [timestamps.signedCertificateTimestamps, listOf(anyBytes(1, 40), 1, 3)],
  [certificateType.clientCertificateTypes, certificateTypes],
  [certificateType.serverCertificateTypes, certificateTypes],
  [certificateType.selectedClientCertificateType, anyByte],
  [certificateType.selectedServerCertificateType, anyByte],
  [padding, fc.integer({ min: 0, max: 600 })],
  [extendedMasterSecret, present],
  [compressCertificate, fc.uniqueArray(anyU16, { minLength: 1, maxLength: 5 })],
  [recordSizeLimit, fc.integer({ min: 64, max: 0xffff })],
  [sessionTicket, anyBytes(0, 200)],
  [sessionTicketPromised, present],
  [preSharedKeyClientHello, offeredPsks],
  [preSharedKeyServerHello, anyU16],
  [earlyData, present],
  [earlyDataNewSessionTicket, anyU32],
  [supportedVersions, listOf(anyU16, 1, 8)],
  [selectedVersion, anyU16],
  [cookie, anyBytes(1, 100)],
  [pskKeyExchangeModes, listOf(anyByte, 1, 4)],
  [certificateAuthorities, listOf(anyBytes(1, 40), 1, 4)],
  [oidFilters, anyBytes(0, 20)],
  [postHandshakeAuth, present],
  [
    keyShare.keyShareClientHello,
    fc.uniqueArray(keyShareEntry, { selector: (entry) => entry.group, maxLength: 4 }),
  ],
  [keyShare.keyShareServerHello, keyShareEntry],
  [keyShare.keyShareHelloRetryRequest, anyU16],
  [renegotiationInfo, anyBytes(0, 24)],
]);

/** Codecs whose data has no form that could be broken by cutting it or adding to it. */
export const formlessExtensions: ReadonlySet<ExtensionCodec<unknown>> = new Set<ExtensionCodec<unknown>>([
  maxFragmentLength,
  padding,
  sessionTicket,
  oidFilters,
]);

/** Valid extensions of a message, each type at most once, pre_shared_key last; the types in `always` are there. */
export function extensionsOf(
  message: ExtensionMessage,
  always: readonly number[] = [],
): Arbitrary<Extension[]> {
  const choices: Arbitrary<Extension | undefined>[] = [];
  for (const [type, { codec }] of matrixColumn(message)) {
    if (codec === undefined) continue;
    const extension = extensionArbitraries.get(codec)!.map((value) => encodeExtension(codec, value));
    choices.push(always.includes(type) ? extension : fc.option(extension, { nil: undefined, freq: 2 }));
  }
  return fc.tuple(...choices).map((extensions) =>
    extensions.filter((extension) => extension !== undefined)
      .sort((one, other) => Number(one.type === 41) - Number(other.type === 41))
  );
}
