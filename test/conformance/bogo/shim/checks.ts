import type { ClientHelloInfo, NegotiatedParameters } from "../../../../edge-terminator/tls/server_events.ts";
import { ProtocolVersion } from "../../../../shared/tls_constants.ts";
import { pemToDer } from "../../../../shared/libcrypto/x509.ts";
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

/** A finished handshake, as the engine and the shim saw it. */
export interface FinishedHandshake {
  readonly parameters: NegotiatedParameters;
  /** Whether it is not the test's first connection. */
  readonly isResumption: boolean;
  /** Whose key was asked to sign. */
  readonly signer: Credential | undefined;
  /** Client certificates that the engine asked about, and that were accepted. */
  readonly verifications: number;
  /** In the server's cache by now. */
  readonly cachedSessions: number;
}

/** What the runner's flags say about a finished handshake. */
export async function checkHandshake(
  { flags }: ConnectionConfig,
  handshake: FinishedHandshake,
): Promise<void> {
  const { parameters, isResumption, signer } = handshake;
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
    "the client's signature scheme",
    parameters.peer?.signatureScheme,
    flags["expect-peer-signature-algorithm"],
  );
  if (flags["require-any-client-certificate"]) {
    expectEqual("whether there is a client certificate", parameters.peer !== undefined, true);
  }
  check("the client's chain", hex(parameters.peer?.chain), await chainIn(flags["expect-peer-cert-file"]));
  if (isResumption) {
    const skew = Math.round((parameters.ticketAgeSkew ?? 0) / 1000);
    check("the skew of the ticket's age", skew, flags["expect-ticket-age-skew"]);
  }
  if (flags["expect-extended-master-secret"]) {
    expectEqual("whether the master secret is an extended one", parameters.extendedMasterSecret, true);
  }
  if (flags["expect-verify-result"]) checkVerification(handshake);
  if (!isResumption) checkCache(flags, handshake);
  checkEarlyDataReason(flags["expect-early-data-reason"], parameters);
}

/** A client certificate was verified once, in the handshake that it came in; and nothing else was. */
function checkVerification({ parameters: { peer, resumed }, verifications }: FinishedHandshake): void {
  expectEqual("the number of certificates verified", verifications, peer !== undefined && !resumed ? 1 : 0);
}

/** As BoringSSL's own shim does, for the first connection only. */
function checkCache(flags: ConnectionConfig["flags"], { cachedSessions }: FinishedHandshake): void {
  if (flags["expect-session-id"]) expectEqual("the number of sessions in the cache", cachedSessions, 1);
  if (flags["expect-no-session-id"]) expectEqual("the number of sessions in the cache", cachedSessions, 0);
}

/**
 * BoringSSL tells many reasons for not accepting 0-RTT data. This engine never accepts any, for one reason, so that only
 * the version is left to compare; that nothing was accepted the runner sees for itself.
 */
function checkEarlyDataReason(expected: string | undefined, { version }: NegotiatedParameters): void {
  if (expected === undefined) return;
  expectEqual(
    "whether TLS 1.3 is spoken",
    version === ProtocolVersion.TLSv1_3,
    expected !== "protocol_version",
  );
}

async function chainIn(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : hex(pemToDer(await Deno.readTextFile(file)));
}

function hex(chain: readonly Uint8Array[] | undefined): string | undefined {
  return chain?.map((certificate) => certificate.toHex()).join(" ");
}
