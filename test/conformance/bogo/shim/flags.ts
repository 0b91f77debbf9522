/**
 * The runner's flags as far as its server tests use them, under their own names without the leading dash.
 *
 * Source: google/boringssl, ssl/test/PORTING.md and what the runner passes. A flag that is not here ends the shim with
 * the exit code for "not implemented".
 */

const switches = [
  "async",
  "decline-alpn",
  "decline-ocsp-callback",
  "enable-early-data",
  "enable-ocsp-stapling",
  "expect-extended-master-secret",
  "expect-hrr",
  "expect-no-hrr",
  "expect-no-session-id",
  "expect-reject-early-data",
  "expect-session-id",
  "expect-session-miss",
  "expect-verify-result",
  "fail-cert-callback",
  "fail-early-callback",
  "fail-ocsp-callback",
  "implicit-handshake",
  "ipv6",
  "is-handshaker-supported",
  "key-update",
  "must-match-issuer",
  "new-x509-credential",
  "no-op-extra-handshake",
  "no-server-name-ack",
  "no-ticket",
  "no-tls1",
  "no-tls11",
  "no-tls12",
  "no-tls13",
  "reject-alpn",
  "renew-ticket",
  "require-any-client-certificate",
  "select-empty-alpn",
  "server",
  "server-preference",
  "set-ocsp-in-callback",
  "skip-ticket",
  "use-custom-verify-callback",
  "use-early-callback",
  "use-export-context",
  "use-ocsp-callback",
  "use-ticket-aead-callback",
  "use-ticket-callback",
  "verify-fail",
  "verify-peer",
] as const;

const integers = [
  "expect-cipher-aes",
  "expect-cipher-no-aes",
  "expect-curve-id",
  "expect-peer-signature-algorithm",
  "expect-selected-credential",
  "expect-ticket-age-skew",
  "export-keying-material",
  "max-send-fragment",
  "max-version",
  "min-version",
  "port",
  "read-size",
  "resume-count",
  "resumption-delay",
  "shim-id",
] as const;

/** Each occurrence adds one number. */
const integerLists = [
  "curves",
  "curves-flags",
  "expect-peer-verify-pref",
  "signing-prefs",
  "verify-prefs",
] as const;

const texts = [
  "cert-file",
  "cipher",
  "expect-advertised-alpn",
  "expect-early-data-reason",
  "expect-peer-cert-file",
  "expect-server-name",
  "export-context",
  "export-label",
  "key-file",
  "remote-key",
  "select-alpn",
  "trust-cert",
  "use-client-ca-list",
] as const;

/** In base64. */
const byteStrings = ["ocsp-response", "ticket-key"] as const;

type Name<List extends readonly string[]> = List[number];

/** What one flag may set, by its name. */
export type FlagValues =
  & { readonly [Flag in Name<typeof switches>]?: true }
  & { readonly [Flag in Name<typeof integers>]?: number }
  & { readonly [Flag in Name<typeof integerLists>]?: readonly number[] }
  & { readonly [Flag in Name<typeof texts>]?: string }
  & { readonly [Flag in Name<typeof byteStrings>]?: Uint8Array };

export type FlagName = keyof FlagValues;

export interface FlagKind {
  readonly takesValue: boolean;
  /** The flag's value after one more occurrence; throws when `text` is no such value. */
  readonly read: (text: string, before: unknown) => unknown;
}

const kinds = new Map<string, FlagKind>([
  ...named(switches, { takesValue: false, read: () => true }),
  ...named(integers, { takesValue: true, read: integer }),
  ...named(integerLists, {
    takesValue: true,
    read: (text, before) => [...(before as number[] | undefined ?? []), integer(text)],
  }),
  ...named(texts, { takesValue: true, read: (text) => text }),
  ...named(byteStrings, { takesValue: true, read: (text) => Uint8Array.fromBase64(text) }),
]);

/** How a flag is read; undefined for one that this shim does not know. */
export function flagKind(name: string): FlagKind | undefined {
  return kinds.get(name);
}

/** Flags that belong to a credential: to the one begun last, or to the default one before any was begun. */
export const credentialFlags: ReadonlySet<string> = new Set([
  "cert-file",
  "key-file",
  "must-match-issuer",
  "ocsp-response",
  "signing-prefs",
]);

function named(names: readonly string[], kind: FlagKind): [string, FlagKind][] {
  return names.map((name) => [name, kind]);
}

function integer(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new RangeError(`${text} is not an integer`);
  return Number(text);
}
