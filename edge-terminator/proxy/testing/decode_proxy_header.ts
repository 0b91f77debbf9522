/** For tests: a strict reader of PROXY protocol version 2, written from the specification and not from our encoder. */
import { ByteReader } from "../../../shared/codec/byte_reader.ts";

export type DecodedEndpoint = { address: string; port: number } | { path: string };

export interface DecodedProxyHeader {
  command: "LOCAL" | "PROXY";
  endpoints?: { client: DecodedEndpoint; server: DecodedEndpoint } | undefined;
  alpnProtocol?: string | undefined;
  serverName?: string | undefined;
  tls?:
    | { version: string; cipherSuite: string; commonName?: string; client: number; verify: number }
    | undefined;
  /** Bytes of the whole header. */
  length: number;
  /** Bytes after the header. */
  rest: number;
}

/** Reads the header that `bytes` begin with; throws when it is malformed, or not there whole. */
export function decodeProxyHeader(bytes: Uint8Array): DecodedProxyHeader {
  const reader = new ByteReader(bytes, "a PROXY header");
  const signature = String.fromCharCode(...reader.bytes(12));
  if (signature !== "\r\n\r\n\0\r\nQUIT\n") throw reader.refuse("the signature is not there");
  const command = reader.u8();
  if (command !== 0x20 && command !== 0x21) throw reader.refuse("neither LOCAL nor PROXY of version 2");
  const family = reader.u8();
  const body = reader.nested16();
  const endpoints = readEndpoints(body, family);
  const values = readValues(body);
  return {
    command: command === 0x20 ? "LOCAL" : "PROXY",
    endpoints,
    alpnProtocol: text(values.get(0x01)),
    serverName: text(values.get(0x02)),
    tls: readTls(values.get(0x20)),
    length: reader.position,
    rest: reader.remaining,
  };
}

function readEndpoints(reader: ByteReader, family: number): DecodedProxyHeader["endpoints"] {
  switch (family) {
    case 0x00:
      return undefined;
    case 0x11:
      return readIpPair(reader, () => [...reader.bytes(4)].join("."));
    case 0x21:
      return readIpPair(reader, () => {
        const groups = Array.from({ length: 8 }, () => reader.u16().toString(16));
        return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
      });
    case 0x31:
      return { client: { path: pathOf(reader.bytes(108)) }, server: { path: pathOf(reader.bytes(108)) } };
    default:
      throw reader.refuse(`unknown family ${family}`);
  }
}

function readIpPair(reader: ByteReader, address: () => string) {
  const [source, destination] = [address(), address()];
  return {
    client: { address: source, port: reader.u16() },
    server: { address: destination, port: reader.u16() },
  };
}

function readTls(value: Uint8Array | undefined): DecodedProxyHeader["tls"] {
  if (value === undefined) return undefined;
  const reader = new ByteReader(value, "PP2_TYPE_SSL");
  const client = reader.u8();
  const verify = reader.u32();
  const values = readValues(reader);
  const commonName = text(values.get(0x22));
  return {
    client,
    verify,
    version: text(values.get(0x21)) ?? "",
    cipherSuite: text(values.get(0x23)) ?? "",
    ...(commonName === undefined ? {} : { commonName }),
  };
}

function readValues(reader: ByteReader): Map<number, Uint8Array> {
  const values = new Map<number, Uint8Array>();
  while (reader.remaining > 0) {
    const type = reader.u8();
    if (values.has(type)) throw reader.refuse(`type ${type} comes twice`);
    values.set(type, reader.vector16());
  }
  return values;
}

function text(value: Uint8Array | undefined): string | undefined {
  return value && new TextDecoder("utf-8", { fatal: true }).decode(value);
}

function pathOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
