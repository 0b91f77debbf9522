import type { TlsServerOptions, TlsVersion } from "../../../../edge-terminator/tls/server_options.ts";
import { absentSessions } from "../../../../edge-terminator/tls/sessions/testing/absent_sessions.ts";
import type { TicketPolicy } from "../../../../edge-terminator/tls/tickets/ticket_policy.ts";
import type { TlsSite } from "../../../../edge-terminator/tls/site.ts";
import { AlertDescription, ProtocolVersion } from "../../../../shared/tls_constants.ts";
import { boringSslTicketFormat } from "./boringssl_ticket_format.ts";
import { clientsOrder, parseCipherList } from "./cipher_list.ts";
import { clientCertificatePolicy } from "./client_certificates.ts";
import type { Credential } from "./credential.ts";
import type { ConnectionConfig } from "./shim_config.ts";
import type { TestState } from "./test_state.ts";

/** The engine's options for what the flags ask. */
export function engineOptions({ flags }: ConnectionConfig, state: TestState): TlsServerOptions {
  return {
    pool: state.pool,
    wallClock: () => state.wallClock(),
    ...(!flags["no-ticket"] && { tickets: ticketPolicy(flags, state) }),
    // With -async they are somebody else's: the runner's tests of resumption go through awaiting-session then.
    sessions: flags.async ? absentSessions(state.sessions) : { cache: state.sessions },
    versions: enabledVersions(flags),
    // The runner expects what BoringSSL does by default.
    requiresExtendedMasterSecret: false,
    alwaysSendsChangeCipherSpec: true,
    cipherSuites: (flags.cipher === undefined ? clientsOrder : parseCipherList(flags.cipher)).flat(),
    exportsKeyingMaterial: flags["export-keying-material"] !== undefined,
    ...(flags["max-send-fragment"] && { maxSentContent: flags["max-send-fragment"] }),
    ...(flags.curves && { groups: flags.curves }),
  };
}

/** Where the runner wants the application to refuse the client: the alert, and BoringSSL's name of the refusal. */
export function siteRefusal(
  { flags }: ConnectionConfig,
): { alert: AlertDescription; reason: string } | undefined {
  const { handshake_failure, internal_error } = AlertDescription;
  if (flags["fail-early-callback"]) return { alert: handshake_failure, reason: "CONNECTION_REJECTED" };
  if (flags["fail-cert-callback"]) return { alert: internal_error, reason: "CERT_CB_ERROR" };
  if (flags["fail-ocsp-callback"]) return { alert: internal_error, reason: "OCSP_CB_ERROR" };
  return undefined;
}

function ticketPolicy(flags: ConnectionConfig["flags"], state: TestState): TicketPolicy {
  const key = flags["ticket-key"];
  const keys = state.ticketKeys.providerFor(flags);
  return { keys, ...(key && { format: boringSslTicketFormat(key) }) };
}

function enabledVersions(flags: ConnectionConfig["flags"]): TlsVersion[] {
  const { TLSv1_2, TLSv1_3 } = ProtocolVersion;
  const from = flags["min-version"] ?? TLSv1_2;
  const to = flags["max-version"] ?? TLSv1_3;
  const has12 = !flags["no-tls12"] && from <= TLSv1_2 && to >= TLSv1_2;
  const has13 = !flags["no-tls13"] && from <= TLSv1_3 && to >= TLSv1_3;
  return [...has13 ? ["TLS 1.3"] as const : [], ...has12 ? ["TLS 1.2"] as const : []];
}

/** The site behind every name, for the flags. */
export function siteFor({ flags }: ConnectionConfig, credentials: readonly Credential[]): TlsSite {
  const clientCertificates = clientCertificatePolicy(flags);
  return {
    certificates: credentials.map(({ served }) => served),
    alpnProtocols: applicationProtocols(flags),
    acknowledgesServerName: flags["no-server-name-ack"] !== true,
    ...(clientCertificates && { clientCertificates }),
  };
}

/** A name that no client offers: ALPN then ends in no_application_protocol. */
const unspeakable = "holdfast/none";

function applicationProtocols(flags: ConnectionConfig["flags"]): string[] {
  if (flags["reject-alpn"]) return [unspeakable];
  if (flags["select-empty-alpn"]) return [""];
  if (flags["decline-alpn"] || !flags["select-alpn"]) return [];
  return [flags["select-alpn"]];
}
