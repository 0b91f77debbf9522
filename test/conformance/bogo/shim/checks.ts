import type { ClientHelloInfo, NegotiatedParameters } from "../../../../edge-terminator/tls/server_events.ts";
import { ProtocolVersion } from "../../../../shared/tls_constants.ts";
import type { Credential } from "./credential.ts";
import { expectEqual } from "./failure.ts";
import type { ConnectionConfig } from "./shim_config.ts";

/** What the runner's `-expect-…` flags say about a ClientHello. */
export function checkClientHello({ flags }: ConnectionConfig, hello: ClientHelloInfo): void {
  if (flags["expect-server-name"] !== undefined) {
    expectEqual("the server name", hello.serverName, flags["expect-server-name"]);
  }
  if (flags["expect-advertised-alpn"] !== undefined) {
    const advertised = hello.alpnProtocols.map((name) => String.fromCharCode(name.length) + name).join("");
    expectEqual("the ALPN list", advertised, flags["expect-advertised-alpn"]);
  }
  if (flags["expect-peer-verify-pref"] !== undefined) {
    expectEqual(
      "the list of signature schemes",
      hello.signatureSchemes.join(" "),
      flags["expect-peer-verify-pref"].join(" "),
    );
  }
}

/** What the runner's flags say about a finished handshake. */
export function checkHandshake(
  config: ConnectionConfig,
  isResumption: boolean,
  parameters: NegotiatedParameters,
  signer: Credential | undefined,
): void {
  const { flags } = config;
  const check = (what: string, actual: unknown, expected: unknown) => {
    if (expected !== undefined) expectEqual(what, actual, expected);
  };
  expectEqual("resumed", parameters.resumed, isResumption && !flags["expect-session-miss"]);
  check("the group", parameters.group, flags["expect-curve-id"]);
  check("the cipher suite", parameters.cipherSuite, flags["expect-cipher-aes"]);
  check("the ALPN protocol", parameters.alpnProtocol, flags["select-alpn"] || undefined);
  if (flags["decline-alpn"]) expectEqual("the ALPN protocol", parameters.alpnProtocol, undefined);
  if (flags["expect-hrr"]) expectEqual("HelloRetryRequest", parameters.helloRetryRequest, true);
  if (flags["expect-no-hrr"]) expectEqual("HelloRetryRequest", parameters.helloRetryRequest, false);
  check("the credential", signer?.number, flags["expect-selected-credential"]);
  check(
    "the reason against early data",
    earlyDataReason(config, parameters),
    flags["expect-early-data-reason"],
  );
}

/** Why 0-RTT data was not accepted, in BoringSSL's words; this server never does, and its tickets never allow it. */
function earlyDataReason(
  { flags }: ConnectionConfig,
  { version, resumed, helloRetryRequest }: NegotiatedParameters,
): string {
  if (version !== ProtocolVersion.TLSv1_3) return "protocol_version";
  if (!flags["enable-early-data"]) return "disabled";
  if (!resumed) return "session_not_resumed";
  return helloRetryRequest ? "hello_retry_request" : "unsupported_for_session";
}
