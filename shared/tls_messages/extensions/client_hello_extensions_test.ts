import assert from "node:assert/strict";
import { bytesFromLatin1 } from "../../codec/latin1.ts";
import { assertRefused } from "../testing/refusals.ts";
import { alpnProtocols } from "./alpn.ts";
import { certificateAuthorities } from "./certificate_authorities.ts";
import { serverCertificateTypes } from "./certificate_type.ts";
import { compressCertificate } from "./compress_certificate.ts";
import { ecPointFormats, requireUncompressedPoints } from "./ec_point_formats.ts";
import { decodeExtension, encodeExtension, type ExtensionCodec } from "./extension.ts";
import { keyShareClientHello } from "./key_share.ts";
import { preSharedKeyClientHello } from "./pre_shared_key.ts";
import { pskKeyExchangeModes } from "./psk_key_exchange_modes.ts";
import { recordSizeLimit } from "./record_size_limit.ts";
import { renegotiationInfo, requireInitialHandshake } from "./renegotiation_info.ts";
import { serverName } from "./server_name.ts";
import { signatureAlgorithms } from "./signature_algorithms.ts";
import { statusRequest } from "./status_request.ts";
import { supportedGroups } from "./supported_groups.ts";
import { supportedVersions } from "./supported_versions.ts";

const decode = <T>(codec: ExtensionCodec<T>, hexadecimal: string) =>
  decodeExtension(codec, Uint8Array.fromHex(hexadecimal.replaceAll(" ", "")));

const decodeName = (name: string) => decodeExtension(serverName, encodeExtension(serverName, name).data);

Deno.test("a server name is taken in lower case", () => {
  assert.equal(decodeName("WWW.Holdfast.TEST"), "www.holdfast.test");
  assert.equal(decodeName("xn--bcher-kva.example"), "xn--bcher-kva.example");
  assert.equal(decodeName("_under.score-d.example"), "_under.score-d.example");
  assert.equal(decodeName("localhost"), "localhost");
});

Deno.test("a server name that is no DNS name is refused with unrecognized_name", () => {
  const names = [
    "a\0b.example",
    "\0",
    "www.example.",
    ".example",
    "a..b",
    "127.0.0.1",
    "1.2.3.0x4",
    "2001:db8::1",
    "[::1]",
    "a b.example",
    "*.example",
    "b\u00fccher.example",
    `${"a".repeat(64)}.example`,
    `${"abcdefg.".repeat(32)}example`,
  ];
  for (const name of names) {
    assertRefused(() => decodeName(name), "unrecognized_name", "ERROR_PARSING_EXTENSION");
  }
});

Deno.test("a server name list with another type, two names, an empty name or none is refused", () => {
  assertRefused(() => decode(serverName, "0004 01 0001 61"), "unrecognized_name");
  assertRefused(
    () => decode(serverName, "0008 00 0001 61 00 0001 62"),
    "decode_error",
    "ERROR_PARSING_EXTENSION",
  );
  assertRefused(() => decode(serverName, "0003 00 0000"), "decode_error");
  assertRefused(() => decode(serverName, "0000"), "decode_error");
  assertRefused(() => decode(serverName, ""), "decode_error");
});

Deno.test("an empty protocol name or list of them is refused with decode_error", () => {
  assertRefused(() => decode(alpnProtocols, "0004 02 6832 00"), "decode_error", "PARSE_TLSEXT");
  assertRefused(() => decode(alpnProtocols, "0000"), "decode_error", "PARSE_TLSEXT");
  assert.deepEqual(decode(alpnProtocols, "0006 02 6832 02 8a8a"), ["h2", "\u008a\u008a"]);
  assert.deepEqual(bytesFromLatin1("\u008a\u008a"), Uint8Array.of(0x8a, 0x8a));
});

Deno.test("two key shares for one group are refused with illegal_parameter", () => {
  const twice = "000a 001d 0001 61 001d 0001 62";
  assertRefused(() => decode(keyShareClientHello, twice), "illegal_parameter", "DUPLICATE_KEY_SHARE");
});

Deno.test("no key share at all asks for a HelloRetryRequest; an empty one is refused", () => {
  assert.deepEqual(decode(keyShareClientHello, "0000"), []);
  assertRefused(() => decode(keyShareClientHello, "0004 001d 0000"), "decode_error", "DECODE_ERROR");
});

Deno.test("bytes after the key shares are refused with decode_error", () => {
  assertRefused(() => decode(keyShareClientHello, "0005 001d 0001 61 00"), "decode_error", "DECODE_ERROR");
});

Deno.test("empty lists of groups, schemes, versions, modes, authorities and algorithms are refused", () => {
  assertRefused(() => decode(supportedGroups, "0000"), "decode_error", "ERROR_PARSING_EXTENSION");
  assertRefused(() => decode(signatureAlgorithms, "0000"), "decode_error", "ERROR_PARSING_EXTENSION");
  assertRefused(() => decode(supportedVersions, "00"), "decode_error", "DECODE_ERROR");
  assertRefused(() => decode(pskKeyExchangeModes, "00"), "decode_error");
  assertRefused(() => decode(certificateAuthorities, "0000"), "decode_error", "ERROR_PARSING_EXTENSION");
  assertRefused(() => decode(compressCertificate, "00"), "decode_error", "ERROR_PARSING_EXTENSION");
});

Deno.test("a list of two-byte numbers with an odd length is refused", () => {
  assertRefused(() => decode(supportedGroups, "0003 001d00"), "decode_error", "ERROR_PARSING_EXTENSION");
  assertRefused(() => decode(supportedVersions, "03 030400"), "decode_error", "DECODE_ERROR");
});

Deno.test("identities and binders of different number are refused with illegal_parameter", () => {
  const identity = "0001 61 00000000";
  const binder = "02 aabb";
  const mismatch = "PSK_IDENTITY_BINDER_COUNT_MISMATCH";
  const twoBinders = `0007 ${identity} 0006 ${binder} ${binder}`;
  assertRefused(() => decode(preSharedKeyClientHello, twoBinders), "illegal_parameter", mismatch);
  const twoIdentities = `000e ${identity} ${identity} 0003 ${binder}`;
  assertRefused(() => decode(preSharedKeyClientHello, twoIdentities), "illegal_parameter", mismatch);
});

Deno.test("offered keys without identity, without binder or with an empty one are refused with decode_error", () => {
  const broken = ["0000 0003 02aabb", "0007 0001 61 00000000 0000", "0006 0000 00000000 0003 02aabb"];
  broken.push("0007 0001 61 00000000 0001 00");
  for (const data of broken) {
    assertRefused(() => decode(preSharedKeyClientHello, data), "decode_error", "DECODE_ERROR");
  }
});

Deno.test("a record size limit under 64 is refused with illegal_parameter", () => {
  assertRefused(() => decode(recordSizeLimit, "003f"), "illegal_parameter");
  assert.equal(decode(recordSizeLimit, "0040"), 64);
});

Deno.test("a compression algorithm that is there twice is refused", () => {
  const twice = () => decode(compressCertificate, "04 0002 0002");
  assertRefused(twice, "illegal_parameter", "ERROR_PARSING_EXTENSION");
});

Deno.test("a list of certificate types that says X.509 alone is refused with decode_error", () => {
  assertRefused(() => decode(serverCertificateTypes, "01 00"), "decode_error", "DECODE_ERROR");
  assert.deepEqual(decode(serverCertificateTypes, "02 0200"), [2, 0]);
});

Deno.test("point formats without uncompressed are refused where they mean something", () => {
  const formats = decode(ecPointFormats, "01 01");
  assertRefused(() => requireUncompressedPoints(formats), "illegal_parameter", "ERROR_PARSING_EXTENSION");
  requireUncompressedPoints([1, 0]);
  requireUncompressedPoints(undefined);
});

Deno.test("a first handshake that claims to renegotiate is refused with handshake_failure", () => {
  const claimed = decode(renegotiationInfo, "01 aa");
  assertRefused(() => requireInitialHandshake(claimed), "handshake_failure", "RENEGOTIATION_MISMATCH");
  requireInitialHandshake(decode(renegotiationInfo, "00"));
  assertRefused(() => decode(renegotiationInfo, "02 aa"), "decode_error", "RENEGOTIATION_ENCODING_ERR");
});

Deno.test("a status request of another kind than OCSP counts as none", () => {
  assert.equal(decode(statusRequest, "02 ffff"), undefined);
  assert.deepEqual(decode(statusRequest, "01 0000 0000")?.responderIds, []);
});
