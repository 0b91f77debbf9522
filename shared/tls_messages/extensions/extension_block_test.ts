import assert from "node:assert/strict";
import { ByteReader } from "../../codec/byte_reader.ts";
import { ByteWriter } from "../../codec/byte_writer.ts";
import { ExtensionType } from "../../tls_constants.ts";
import { assertRefused } from "../testing/refusals.ts";
import {
  decodeKnownExtensions,
  readExtensionBlock,
  requireOffered,
  writeExtensionBlock,
} from "./extension_block.ts";
import type { Extension } from "./extension.ts";
import { extensionMatrix, type ExtensionMessage, matrixColumn } from "./matrix.ts";

const messages: ExtensionMessage[] = [
  "ClientHello",
  "ServerHello",
  "ServerHello12",
  "HelloRetryRequest",
  "EncryptedExtensions",
  "CertificateRequest",
  "CertificateEntry",
  "NewSessionTicket",
];

function roundTrip(extensions: readonly Extension[], message: ExtensionMessage): Extension[] {
  const writer = new ByteWriter();
  writeExtensionBlock(writer, extensions);
  return readExtensionBlock(new ByteReader(writer.finish()), message);
}

/** RFC 8446, Section 4.2: CH, SH, EE, CT, CR, NST, HRR of the table, for the extensions that it lists. */
const rfc8446Table: Readonly<Record<string, string>> = {
  server_name: "CH EE",
  max_fragment_length: "CH EE",
  status_request: "CH CR CT",
  supported_groups: "CH EE",
  signature_algorithms: "CH CR",
  application_layer_protocol_negotiation: "CH EE",
  signed_certificate_timestamp: "CH CR CT",
  client_certificate_type: "CH EE",
  server_certificate_type: "CH EE",
  padding: "CH",
  key_share: "CH SH HRR",
  pre_shared_key: "CH SH",
  psk_key_exchange_modes: "CH",
  early_data: "CH EE NST",
  cookie: "CH HRR",
  supported_versions: "CH SH HRR",
  certificate_authorities: "CH CR",
  oid_filters: "CR",
  post_handshake_auth: "CH",
  signature_algorithms_cert: "CH CR",
};

const abbreviations: Readonly<Record<string, ExtensionMessage>> = {
  CH: "ClientHello",
  SH: "ServerHello",
  HRR: "HelloRetryRequest",
  EE: "EncryptedExtensions",
  CR: "CertificateRequest",
  CT: "CertificateEntry",
  NST: "NewSessionTicket",
};

Deno.test("the matrix is the table of RFC 8446, Section 4.2", () => {
  for (const [name, cells] of Object.entries(rfc8446Table)) {
    const type = ExtensionType[name as keyof typeof ExtensionType];
    for (const [abbreviation, message] of Object.entries(abbreviations)) {
      const allowed = matrixColumn(message).get(type)?.codec !== undefined;
      assert.equal(allowed, cells.split(" ").includes(abbreviation), `${name} in ${message}`);
    }
  }
});

Deno.test("every extension is one type in all its cells, and no two share one", () => {
  const rows = Object.values(extensionMatrix).map((row) =>
    new Set(Object.values(row).map((codec) => codec.type))
  );
  assert.ok(rows.every((types) => types.size === 1));
  assert.equal(new Set(rows.flatMap((types) => [...types])).size, rows.length);
});

Deno.test("an extension that we know is refused with illegal_parameter wherever the matrix has no cell", () => {
  let refused = 0;
  for (const message of messages) {
    for (const [type, { codec }] of matrixColumn(message)) {
      if (codec !== undefined) continue;
      const decode = () => decodeKnownExtensions(message, [{ type, data: new Uint8Array(0) }]);
      assertRefused(decode, "illegal_parameter", "UNEXPECTED_EXTENSION");
      refused += 1;
    }
  }
  assert.ok(refused > 100);
});

Deno.test("a duplicate is refused in every message, with decode_error in ClientHello", () => {
  const twice = [{ type: 0x7777, data: new Uint8Array(0) }, { type: 0x7777, data: new Uint8Array(0) }];
  for (const message of messages) {
    const alert = message === "ClientHello" ? "decode_error" : "illegal_parameter";
    assertRefused(() => roundTrip(twice, message), alert, "DUPLICATE_EXTENSION");
  }
});

Deno.test("an answer that nobody asked for is refused with unsupported_extension", () => {
  const offered = new Set<number>([ExtensionType.server_name]);
  const extension = (type: number) => [{ type, data: new Uint8Array(0) }];
  requireOffered("EncryptedExtensions", extension(ExtensionType.server_name), offered);
  for (const type of [ExtensionType.early_data, 0x7777]) {
    const require = () => requireOffered("EncryptedExtensions", extension(type), offered);
    assertRefused(require, "unsupported_extension", "UNEXPECTED_EXTENSION");
  }
});

Deno.test("a cookie needs no asking in a HelloRetryRequest, and nowhere else", () => {
  const cookie = [{ type: ExtensionType.cookie, data: new Uint8Array(0) }];
  requireOffered("HelloRetryRequest", cookie, new Set());
  assertRefused(() => requireOffered("ServerHello", cookie, new Set()), "unsupported_extension");
});

Deno.test("an extension that we do not know is passed over", () => {
  assert.deepEqual(
    decodeKnownExtensions("CertificateRequest", [{ type: 0x7777, data: new Uint8Array(3) }]),
    {},
  );
});
