import assert from "node:assert/strict";
import fc from "fast-check";
import { CipherSuite, ExtensionType, NamedGroup, SignatureScheme } from "../tls_constants.ts";
import {
  type ClientHelloFields,
  decodeClientHello,
  encodeClientHello,
  withoutBinders,
} from "./client_hello.ts";
import { checkTls13ClientHello } from "./client_hello_rules.ts";
import { encodeExtension, type Extension } from "./extensions/extension.ts";
import { keyShareClientHello } from "./extensions/key_share.ts";
import { preSharedKeyClientHello } from "./extensions/pre_shared_key.ts";
import { pskKeyExchangeModes } from "./extensions/psk_key_exchange_modes.ts";
import { signatureAlgorithms } from "./extensions/signature_algorithms.ts";
import { supportedGroups } from "./extensions/supported_groups.ts";
import { parseHandshake } from "./handshake.ts";
import { extensionArbitraries, extensionsOf } from "./testing/extension_arbitraries.ts";
import { assertRefused } from "./testing/refusals.ts";

const groups = encodeExtension(supportedGroups, [NamedGroup.x25519]);
const schemes = encodeExtension(signatureAlgorithms, [SignatureScheme.ecdsa_secp256r1_sha256]);
const shares = encodeExtension(keyShareClientHello, [
  { group: NamedGroup.x25519, keyExchange: new Uint8Array(32) },
]);
const pskModes = encodeExtension(pskKeyExchangeModes, [1]);
const psk = encodeExtension(preSharedKeyClientHello, {
  identities: [{ identity: new Uint8Array(9), obfuscatedTicketAge: 7 }],
  binders: [new Uint8Array(32)],
});

function hello(extensions: readonly Extension[], fields: Partial<ClientHelloFields> = {}) {
  return decodeClientHello(parseHandshake(encodeClientHello({
    legacyVersion: 0x0303,
    random: new Uint8Array(32),
    legacySessionId: new Uint8Array(32),
    cipherSuites: [CipherSuite.TLS_AES_128_GCM_SHA256],
    legacyCompressionMethods: Uint8Array.of(0),
    extensions,
    ...fields,
  })));
}

Deno.test("a ClientHello that ends before the extensions is a ClientHello", () => {
  assert.deepEqual(hello([]).extensions, []);
});

Deno.test("a session id of 33 bytes is refused with decode_error", () => {
  assertRefused(
    () => hello([], { legacySessionId: new Uint8Array(33) }),
    "decode_error",
    "CLIENTHELLO_PARSE_FAILED",
  );
});

Deno.test("an empty list of cipher suites or of compression methods is refused with decode_error", () => {
  assertRefused(() => hello([], { cipherSuites: [] }), "decode_error", "CLIENTHELLO_PARSE_FAILED");
  const none = { legacyCompressionMethods: new Uint8Array(0) };
  assertRefused(() => hello([], none), "decode_error", "CLIENTHELLO_PARSE_FAILED");
});

Deno.test("compression methods without null are refused in every version", () => {
  const fields = { legacyCompressionMethods: Uint8Array.of(1) };
  assertRefused(() => hello([], fields), "illegal_parameter", "INVALID_COMPRESSION_LIST");
});

Deno.test("compression methods besides null are refused in TLS 1.3 and only there", () => {
  const decoded = hello([groups, schemes, shares], { legacyCompressionMethods: Uint8Array.of(1, 0) });
  assertRefused(() => checkTls13ClientHello(decoded), "illegal_parameter", "INVALID_COMPRESSION_LIST");
});

Deno.test("an extension that is there twice is refused with decode_error", () => {
  assertRefused(() => hello([groups, schemes, groups]), "decode_error", "DUPLICATE_EXTENSION");
  const unknown = { type: 0x7777, data: new Uint8Array(1) };
  assertRefused(() => hello([unknown, unknown]), "decode_error", "DUPLICATE_EXTENSION");
});

Deno.test("unknown and GREASE extensions are kept and passed over", () => {
  const unknown = [{ type: 0x7777, data: Uint8Array.of(1, 2) }, { type: 0x4a4a, data: new Uint8Array(0) }];
  const decoded = hello([...unknown, groups]);
  assert.deepEqual(decoded.extensions.slice(0, 2), unknown);
  assert.deepEqual(decoded.known, { supportedGroups: [NamedGroup.x25519] });
});

Deno.test("an extension that we know and that no ClientHello may carry is refused with illegal_parameter", () => {
  const misplaced = { type: ExtensionType.oid_filters, data: Uint8Array.of(0, 0) };
  assertRefused(() => hello([misplaced]), "illegal_parameter", "UNEXPECTED_EXTENSION");
});

Deno.test("pre_shared_key anywhere but at the end is refused with illegal_parameter", () => {
  assertRefused(() => hello([psk, groups]), "illegal_parameter", "PRE_SHARED_KEY_MUST_BE_LAST");
  assert.equal(hello([groups, psk]).known.preSharedKey?.binders.length, 1);
});

Deno.test("binders are computed over all but the binders list", () => {
  const offered = extensionArbitraries.get(preSharedKeyClientHello)!;
  fc.assert(fc.property(extensionsOf("ClientHello"), offered, (extensions, value) => {
    const last = encodeExtension(
      preSharedKeyClientHello,
      value as typeof preSharedKeyClientHello extends { decode(reader: never): infer Value } ? Value : never,
    );
    const others = extensions.filter(({ type }) => type !== ExtensionType.pre_shared_key);
    const decoded = hello([...others, last]);
    const truncated = withoutBinders(decoded)!;
    const { binders } = decoded.known.preSharedKey!;
    const bindersList = decoded.raw.subarray(truncated.length);
    assert.equal(bindersList[0]! << 8 | bindersList[1]!, bindersList.length - 2);
    assert.deepEqual(bindersList.subarray(3, 3 + binders[0]!.length), binders[0]);
  }));
  assert.equal(withoutBinders(hello([groups])), undefined);
});

Deno.test("a TLS 1.3 ClientHello with all that the RFC demands passes", () => {
  checkTls13ClientHello(hello([groups, schemes, shares]));
  checkTls13ClientHello(hello([groups, shares, pskModes, psk]));
  checkTls13ClientHello(hello([pskModes, psk]));
});

Deno.test("each extension that TLS 1.3 demands is missed with missing_extension", () => {
  const missing = (extensions: Extension[], reason: string) =>
    assertRefused(() => checkTls13ClientHello(hello(extensions)), "missing_extension", reason);
  missing([groups, schemes], "MISSING_KEY_SHARE");
  missing([schemes, shares], "NO_SHARED_GROUP");
  missing([groups, shares], "NO_COMMON_SIGNATURE_ALGORITHMS");
  missing([groups, schemes, shares, psk], "MISSING_EXTENSION");
  missing([pskModes, shares, psk], "NO_SHARED_GROUP");
  missing([pskModes, groups, psk], "MISSING_KEY_SHARE");
});

Deno.test("a key share for a group that the client does not support is refused with illegal_parameter", () => {
  const others = encodeExtension(supportedGroups, [NamedGroup.secp256r1]);
  const decoded = hello([others, schemes, shares]);
  assertRefused(() => checkTls13ClientHello(decoded), "illegal_parameter", "WRONG_CURVE");
});
