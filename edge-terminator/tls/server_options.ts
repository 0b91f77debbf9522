import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import { NamedGroup } from "../../shared/tls_constants.ts";
import { maxPlaintext } from "./record/limits.ts";
import type { SessionPolicy } from "./sessions/session_cache.ts";
import type { TicketPolicy } from "./tickets/ticket_policy.ts";
import { compressionAlgorithms } from "./certificate_message.ts";
import { allCipherSuites } from "./cipher_suites.ts";
import { type GenerateKeyPair, generateKeyPair } from "./key_exchange/key_pair.ts";
import { randomBytes } from "../../shared/libcrypto/random.ts";

/** When the engine renews its own sending key (RFC 8446, Sections 4.6.3 and 5.5). */
export interface KeyUpdatePolicy {
  /** Plaintext bytes under one key; 2^36 by default. */
  readonly bytes: number;
  /** Records under one key; 2^23 by default, half of what AES-GCM may protect. */
  readonly records: number;
  /** Milliseconds of use of one key, seen at the next `send`; a day by default. */
  readonly milliseconds: number;
}

/** The versions that are spoken; older ones are refused (RFC 8996). */
export type TlsVersion = "TLS 1.3" | "TLS 1.2";

/** What an engine needs to know before its client says anything. Only the pool has no default. */
export interface TlsServerOptions {
  /** Where every secret of the connection lives. */
  readonly pool: LockedPool;
  /** TLS 1.3 and TLS 1.2 by default. */
  readonly versions?: readonly TlsVersion[];
  /** IANA numbers, by preference; by default all that the engine speaks, AEADs with ephemeral keys only. */
  readonly cipherSuites?: readonly number[];
  /** IANA numbers, by preference; X25519MLKEM768, x25519, secp256r1, secp384r1 by default. */
  readonly groups?: readonly number[];
  /** How certificates are compressed for TLS 1.3 clients that offer it (RFC 8879): brotli, then zlib by default. */
  readonly certificateCompression?: readonly number[];
  /** Whether a TLS 1.2 client must do extended master secrets (RFC 7627). True by default. */
  readonly requiresExtendedMasterSecret?: boolean;
  /** Absent: no ticket resumes a session and none is issued. */
  readonly tickets?: TicketPolicy;
  /** Absent: no TLS 1.2 session resumes by its id. A client that takes tickets gets no id. */
  readonly sessions?: SessionPolicy;
  /** Bytes of content in one record, at most 16384, the default. A client's record_size_limit may lower it. */
  readonly maxSentContent?: number;
  /**
   * TLS 1.3 records are padded to a multiple of so many bytes, so that their lengths tell less (RFC 8446, Section 5.4
   * and Appendix E.3). 1, the default, pads nothing; 16384 makes every record as long as they get.
   */
  readonly padsRecordsTo?: number;
  /**
   * Whether `exportKeyingMaterial` works, for which each connection keeps one more block for its life: the exporter
   * secret, in TLS 1.2 the master secret. False by default.
   */
  readonly exportsKeyingMaterial?: boolean;
  /**
   * Whether TLS 1.3's meaningless change_cipher_spec goes to every client, for middleboxes that look for it, and not
   * only to those that ask for it by a session id (RFC 8446, Appendix D.4). False by default.
   */
  readonly alwaysSendsChangeCipherSpec?: boolean;
  readonly keyUpdate?: Partial<KeyUpdatePolicy>;
  /**
   * Whether ServerHello to Certificate go out before the signature is there, so that the client checks the chain
   * while the key server signs. True by default.
   */
  readonly sendsFlightEarly?: boolean;
  /** Milliseconds since some fixed moment; `performance.now` by default. */
  readonly now?: () => number;
  /** Milliseconds of the Unix epoch, for tickets; `Date.now` by default. */
  readonly wallClock?: () => number;
  /** Only for tests that replay a recorded handshake. */
  readonly replay?: ReplayHooks;
}

/** What a recorded handshake fixes that is random, or somebody else's choice, in a real one. */
export interface ReplayHooks {
  readonly generateKeyPair?: GenerateKeyPair;
  readonly randomBytes?: (length: number) => Uint8Array;
  /** May replace a handshake message before it is hashed and sent. */
  readonly rewriteMessage?: (message: Uint8Array) => Uint8Array;
}

/** The options with every default in place. */
export interface ResolvedOptions {
  readonly pool: LockedPool;
  readonly cipherSuites: readonly number[];
  readonly groups: readonly number[];
  readonly versions: readonly TlsVersion[];
  readonly certificateCompression: readonly number[];
  readonly requiresExtendedMasterSecret: boolean;
  readonly tickets: TicketPolicy | undefined;
  readonly sessions: SessionPolicy | undefined;
  readonly wallClock: () => number;
  readonly maxSentContent: number;
  readonly alwaysSendsChangeCipherSpec: boolean;
  readonly padsRecordsTo: number;
  readonly exportsKeyingMaterial: boolean;
  readonly keyUpdate: KeyUpdatePolicy;
  readonly sendsFlightEarly: boolean;
  readonly now: () => number;
  readonly generateKeyPair: GenerateKeyPair;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly rewriteMessage: (message: Uint8Array) => Uint8Array;
}

/** Every group, by preference. */
export const defaultGroups: readonly number[] = [
  NamedGroup.X25519MLKEM768,
  NamedGroup.x25519,
  NamedGroup.secp256r1,
  NamedGroup.secp384r1,
];

/** Puts the defaults in. */
export function resolveOptions(options: TlsServerOptions): ResolvedOptions {
  return {
    pool: options.pool,
    cipherSuites: options.cipherSuites ?? allCipherSuites,
    groups: options.groups ?? defaultGroups,
    versions: options.versions ?? ["TLS 1.3", "TLS 1.2"],
    certificateCompression: options.certificateCompression ?? compressionAlgorithms,
    requiresExtendedMasterSecret: options.requiresExtendedMasterSecret ?? true,
    maxSentContent: Math.min(options.maxSentContent ?? maxPlaintext, maxPlaintext),
    alwaysSendsChangeCipherSpec: options.alwaysSendsChangeCipherSpec ?? false,
    keyUpdate: { bytes: 2 ** 36, records: 2 ** 23, milliseconds: 24 * 3600 * 1000, ...options.keyUpdate },
    sendsFlightEarly: options.sendsFlightEarly ?? true,
    tickets: options.tickets,
    sessions: options.sessions,
    padsRecordsTo: Math.min(Math.max(1, Math.floor(options.padsRecordsTo ?? 1)), maxPlaintext),
    exportsKeyingMaterial: options.exportsKeyingMaterial ?? false,
    wallClock: options.wallClock ?? Date.now,
    now: options.now ?? (() => performance.now()),
    generateKeyPair: options.replay?.generateKeyPair ?? generateKeyPair,
    randomBytes: options.replay?.randomBytes ?? randomBytes,
    rewriteMessage: options.replay?.rewriteMessage ?? ((message) => message),
  };
}
