import { ByteWriter } from "../../shared/codec/byte_writer.ts";
import {
  ExtensionType,
  HandshakeType,
  NamedGroup,
  ProtocolVersion,
  SignatureScheme,
} from "../../shared/tls_constants.ts";

/** One extension as it goes on the wire. */
export interface RawExtension {
  readonly type: number;
  readonly data: Uint8Array;
}

export interface RawKeyShare {
  readonly group: number;
  readonly keyExchange: Uint8Array;
}

/** Everything of a ClientHello, right or wrong: nothing is checked. Absent lists leave their extension out. */
export interface HelloFields {
  legacyVersion: number;
  random: Uint8Array;
  sessionId: Uint8Array;
  cipherSuites: readonly number[];
  compressionMethods: readonly number[];
  versions?: readonly number[] | undefined;
  groups?: readonly number[] | undefined;
  signatureSchemes?: readonly number[] | undefined;
  keyShares?: readonly RawKeyShare[] | undefined;
  serverName?: string | undefined;
  alpnProtocols?: readonly string[] | undefined;
  /** Added after the others, and before pre_shared_key. */
  extraExtensions: readonly RawExtension[];
}

const utf8 = new TextEncoder();

/** The fields of an ordinary TLS 1.3 client. */
export function usualFields(): HelloFields {
  return {
    legacyVersion: ProtocolVersion.TLSv1_2,
    random: crypto.getRandomValues(new Uint8Array(32)),
    sessionId: crypto.getRandomValues(new Uint8Array(32)),
    cipherSuites: [0x1301, 0x1302, 0x1303],
    compressionMethods: [0],
    versions: [ProtocolVersion.TLSv1_3],
    groups: [NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.secp384r1],
    signatureSchemes: [
      SignatureScheme.ecdsa_secp256r1_sha256,
      SignatureScheme.ecdsa_secp384r1_sha384,
      SignatureScheme.rsa_pss_rsae_sha256,
      SignatureScheme.ed25519,
    ],
    extraExtensions: [],
  };
}

export function extension(type: number, write: (writer: ByteWriter) => void): RawExtension {
  const writer = new ByteWriter();
  write(writer);
  return { type, data: writer.finish() };
}

function extensionsOf(fields: HelloFields): RawExtension[] {
  const { serverName, groups, signatureSchemes, alpnProtocols, versions, keyShares } = fields;
  const extensions: RawExtension[] = [];
  const add = (type: number, write: (writer: ByteWriter) => void) => extensions.push(extension(type, write));
  if (serverName !== undefined) {
    add(ExtensionType.server_name, (writer) =>
      writer.vector16((list) => {
        list.u8(0);
        list.vector16(utf8.encode(serverName));
      }));
  }
  if (groups !== undefined) add(ExtensionType.supported_groups, (writer) => writer.u16Vector16(groups));
  if (signatureSchemes !== undefined) {
    add(ExtensionType.signature_algorithms, (writer) => writer.u16Vector16(signatureSchemes));
  }
  if (alpnProtocols !== undefined) {
    add(ExtensionType.application_layer_protocol_negotiation, (writer) =>
      writer.vector16((list) => {
        for (const protocol of alpnProtocols) list.vector8(utf8.encode(protocol));
      }));
  }
  if (versions !== undefined) {
    add(ExtensionType.supported_versions, (writer) =>
      writer.vector8((list) => {
        for (const version of versions) list.u16(version);
      }));
  }
  if (keyShares !== undefined) {
    add(ExtensionType.key_share, (writer) =>
      writer.vector16((list) => {
        for (const { group, keyExchange } of keyShares) {
          list.u16(group);
          list.vector16(keyExchange);
        }
      }));
  }
  extensions.push(...fields.extraExtensions);
  return extensions;
}

/** The ClientHello message, header included. */
export function buildClientHello(fields: HelloFields): Uint8Array {
  return buildMessage(HandshakeType.client_hello, (body) => {
    body.u16(fields.legacyVersion);
    body.bytes(fields.random);
    body.vector8(fields.sessionId);
    body.u16Vector16(fields.cipherSuites);
    body.vector8(new Uint8Array(fields.compressionMethods));
    body.vector16((list) => {
      for (const { type, data } of extensionsOf(fields)) {
        list.u16(type);
        list.vector16(data);
      }
    });
  });
}

/** A handshake message of any type. */
export function buildMessage(type: number, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(type);
  writer.vector24(write);
  return writer.finish();
}

/** A record in the clear. */
export function plainRecord(
  type: number,
  fragment: Uint8Array,
  version: number = ProtocolVersion.TLSv1_2,
): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(type);
  writer.u16(version);
  writer.vector16(fragment);
  return writer.finish();
}
