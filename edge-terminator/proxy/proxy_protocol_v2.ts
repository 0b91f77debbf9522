/**
 * The PROXY protocol, version 2 (its specification: "The PROXY protocol, Versions 1 & 2", HAProxy, 2020-03-05): the
 * first bytes to a backend, which tell it who the client is and what was negotiated with it.
 */
import { isIPv4, isIPv6 } from "node:net";
import { ByteWriter } from "../../shared/codec/byte_writer.ts";
import { parseIpAddress } from "./ip_address.ts";

/** One end of the client's connection: an IP address and port, or the path of a unix socket. */
export type ProxyEndpoint = { readonly address: string; readonly port: number } | { readonly path: string };

/** What the backend is told. Absent values are left out of the header. */
export interface ProxyHeader {
  /** Both ends as the edge's socket names them; undefined when they are not known (sent as LOCAL). */
  readonly endpoints?: { readonly client: ProxyEndpoint; readonly server: ProxyEndpoint } | undefined;
  readonly alpnProtocol?: string | undefined;
  /** The name in the client's SNI. */
  readonly serverName?: string | undefined;
  readonly tls?: ProxyTls | undefined;
}

export interface ProxyTls {
  /** As in "TLSv1.3". */
  readonly version: string;
  readonly cipherSuite: string;
  /** The client's, verified. */
  readonly clientCertificate?: ProxyClientCertificate | undefined;
}

export interface ProxyClientCertificate {
  /** Of its subject. */
  readonly commonName?: string | undefined;
  /** Whether it was shown on this connection; otherwise on the one whose session it resumes. */
  readonly shownNow: boolean;
}

const signature = new Uint8Array([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);

/** Section 2.2: version 2 in the high half of the octet, the command in the low one. */
const Command = { LOCAL: 0x20, PROXY: 0x21 } as const;

/** Section 2.2: the address family in the high half, the transport in the low one. */
const Family = { UNSPEC: 0x00, TCP4: 0x11, TCP6: 0x21, UNIX_STREAM: 0x31 } as const;

/** Section 2.2, "PP2_TYPE_*" and "PP2_SUBTYPE_SSL_*". */
const Type = {
  ALPN: 0x01,
  AUTHORITY: 0x02,
  SSL: 0x20,
  SSL_VERSION: 0x21,
  SSL_CN: 0x22,
  SSL_CIPHER: 0x23,
} as const;

/** Section 2.2.6 */
const PP2_CLIENT_SSL = 0x01;
const PP2_CLIENT_CERT_CONN = 0x02;
const PP2_CLIENT_CERT_SESS = 0x04;
/** Section 2.2.6: non-zero unless the client presented a certificate that was verified. */
const notVerified = 1;
const verified = 0;
/** Section 2.2: sun_path holds 108 octets. */
const unixPathLength = 108;

/** The header's bytes, to be sent before anything else. Endpoints of unequal families go out as unknown. */
export function encodeProxyHeader(header: ProxyHeader): Uint8Array {
  const writer = new ByteWriter(128);
  writer.bytes(signature);
  const { family, addresses } = encodeEndpoints(header.endpoints);
  writer.u8(family === Family.UNSPEC ? Command.LOCAL : Command.PROXY);
  writer.u8(family);
  writer.vector16((body) => {
    body.bytes(addresses);
    if (header.alpnProtocol !== undefined) writeText(body, Type.ALPN, header.alpnProtocol);
    if (header.serverName !== undefined) writeText(body, Type.AUTHORITY, header.serverName);
    if (header.tls !== undefined) writeTls(body, header.tls);
  });
  return writer.finish();
}

/** Section 2.2.6 */
function writeTls(writer: ByteWriter, { version, cipherSuite, clientCertificate }: ProxyTls): void {
  writer.u8(Type.SSL);
  writer.vector16((value) => {
    value.u8(PP2_CLIENT_SSL | certificateBits(clientCertificate));
    value.u32(clientCertificate === undefined ? notVerified : verified);
    writeText(value, Type.SSL_VERSION, version);
    const commonName = clientCertificate?.commonName;
    if (commonName !== undefined) writeText(value, Type.SSL_CN, commonName);
    writeText(value, Type.SSL_CIPHER, cipherSuite);
  });
}

function certificateBits(certificate: ProxyClientCertificate | undefined): number {
  if (certificate === undefined) return 0;
  return PP2_CLIENT_CERT_SESS | (certificate.shownNow ? PP2_CLIENT_CERT_CONN : 0);
}

function writeText(writer: ByteWriter, type: number, text: string): void {
  writer.u8(type);
  writer.vector16(new TextEncoder().encode(text));
}

function encodeEndpoints(endpoints: ProxyHeader["endpoints"]): { family: number; addresses: Uint8Array } {
  const unknown = { family: Family.UNSPEC, addresses: new Uint8Array(0) };
  if (endpoints === undefined) return unknown;
  const { client, server } = endpoints;
  if ("path" in client || "path" in server) {
    if (!("path" in client && "path" in server)) return unknown;
    return { family: Family.UNIX_STREAM, addresses: encodePaths(client.path, server.path) };
  }
  if (isIPv4(client.address) && isIPv4(server.address)) {
    return { family: Family.TCP4, addresses: encodeIpPair(client, server) };
  }
  if (isIPv6(client.address) && isIPv6(server.address)) {
    return { family: Family.TCP6, addresses: encodeIpPair(client, server) };
  }
  return unknown;
}

function encodeIpPair(
  client: { address: string; port: number },
  server: { address: string; port: number },
): Uint8Array {
  const writer = new ByteWriter(36);
  writer.bytes(parseIpAddress(client.address));
  writer.bytes(parseIpAddress(server.address));
  writer.u16(client.port);
  writer.u16(server.port);
  return writer.finish();
}

/** Too long a path is cut: it names, it is not opened. */
function encodePaths(client: string, server: string): Uint8Array {
  const bytes = new Uint8Array(2 * unixPathLength);
  bytes.set(new TextEncoder().encode(client).subarray(0, unixPathLength), 0);
  bytes.set(new TextEncoder().encode(server).subarray(0, unixPathLength), unixPathLength);
  return bytes;
}
