import { ByteReader } from "../../../shared/codec/byte_reader.ts";
import { ByteWriter } from "../../../shared/codec/byte_writer.ts";
import type { AuthenticatedPeer } from "../client_certificates/peer.ts";
import type { SessionAuthentication } from "../client_certificates/session_authentication.ts";

/** What a ticket carries besides its secret. Not secret, but nobody's business: it is encrypted too. */
export interface SessionState {
  /** ProtocolVersion number. */
  readonly version: number;
  readonly cipherSuite: number;
  /** NamedGroup number of the key exchange that made it. */
  readonly group: number;
  /** Milliseconds of the wall clock. */
  readonly issuedAt: number;
  /** Milliseconds from `issuedAt`. */
  readonly lifetime: number;
  /** TLS 1.3's ticket_age_add. */
  readonly ageAdd: number;
  readonly extendedMasterSecret: boolean;
  /** "" when the client named none. */
  readonly serverName: string;
  /** The name's resumption epoch: raising it ends every session made before. */
  readonly epoch: number;
  readonly clientAuthentication: SessionAuthentication;
}

const formatVersion = 2;
const utf8 = new TextEncoder();
const text = new TextDecoder();

/** What a ticket carries beside its secret. */
export function encodeSessionState(state: SessionState): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(formatVersion);
  writer.u16(state.version);
  writer.u16(state.cipherSuite);
  writer.u16(state.group);
  writer.u64(BigInt(state.issuedAt));
  writer.u32(state.lifetime);
  writer.u32(state.ageAdd);
  writer.u8(state.extendedMasterSecret ? 1 : 0);
  writer.u32(state.epoch);
  writer.vector8(utf8.encode(state.serverName));
  writeAuthentication(writer, state.clientAuthentication);
  return writer.finish();
}

/** Throws DecodeError; undefined for a format of another release. */
export function decodeSessionState(bytes: Uint8Array): SessionState | undefined {
  const reader = new ByteReader(bytes, "a ticket");
  if (reader.u8() !== formatVersion) return undefined;
  const state = {
    version: reader.u16(),
    cipherSuite: reader.u16(),
    group: reader.u16(),
    issuedAt: Number(reader.u64()),
    lifetime: reader.u32(),
    ageAdd: reader.u32(),
    extendedMasterSecret: reader.u8() === 1,
    epoch: reader.u32(),
    serverName: text.decode(reader.vector8()),
    clientAuthentication: readAuthentication(reader),
  };
  reader.end();
  return state;
}

function writeAuthentication(writer: ByteWriter, { policy, peer }: SessionAuthentication): void {
  writer.vector8(policy);
  writer.u8(peer === undefined ? 0 : 1);
  if (peer === undefined) return;
  writer.u16(peer.signatureScheme);
  writer.u64(BigInt(peer.authenticatedAt));
  writer.vector16((chain) => {
    for (const certificate of peer.chain) chain.vector16(certificate);
  });
}

function readAuthentication(reader: ByteReader): SessionAuthentication {
  const policy = reader.vector8().slice();
  return reader.u8() === 0 ? { policy } : { policy, peer: readPeer(reader) };
}

function readPeer(reader: ByteReader): AuthenticatedPeer {
  const signatureScheme = reader.u16();
  const authenticatedAt = Number(reader.u64());
  const list = reader.nested16();
  const chain: Uint8Array[] = [];
  while (list.remaining > 0) chain.push(list.vector16().slice());
  return { chain, signatureScheme, authenticatedAt };
}
