import { runCommand } from "../command.ts";
import { type ClientResult, type Endpoint, getRequest, ianaName, present } from "./negotiated.ts";

export interface OpensslOptions {
  readonly path?: string;
  readonly alpn?: string;
  /** TLS 1.3 unless told. */
  readonly version?: "1.2" | "1.3";
  /** As `-ciphersuites` (TLS 1.3) or `-cipher` (TLS 1.2), `-groups`, `-sigalgs` take them. */
  readonly cipherSuites?: string;
  readonly groups?: string;
  readonly signatureAlgorithms?: string;
  /** Whether the name goes into the ClientHello; true unless told. */
  readonly sendServerName?: boolean;
  readonly extraArguments?: readonly string[];
  readonly deadline?: number;
}

/** `openssl s_client` with one version: fetches a page and reports what was negotiated and verified. */
export async function opensslClient(endpoint: Endpoint, options: OpensslOptions = {}): Promise<ClientResult> {
  const { host, port, serverName, rootFile } = endpoint;
  const { path = "/", alpn, cipherSuites, groups, signatureAlgorithms, sendServerName = true } = options;
  const { version = "1.3" } = options;
  const { code, stdout, stderr } = await runCommand("openssl", [
    ...[
      "s_client",
      "-connect",
      `${host}:${port}`,
      `-tls${version.replace(".", "_")}`,
      "-ign_eof",
      "-CAfile",
      rootFile,
    ],
    ...["-verify_return_error", "-verify_hostname", serverName],
    ...(sendServerName ? ["-servername", serverName] : ["-noservername"]),
    ...flag("-alpn", alpn),
    ...flag(version === "1.3" ? "-ciphersuites" : "-cipher", cipherSuites),
    ...flag("-groups", groups),
    ...flag("-sigalgs", signatureAlgorithms),
    ...options.extraArguments ?? [],
  ], {
    input: getRequest(serverName, path),
    ...(options.deadline === undefined ? {} : { deadline: options.deadline }),
  });
  const alert = /SSL alert number (\d+)/.exec(stderr)?.[1];
  return {
    // Without a whole handshake, s_client says OK of a chain that it has not seen; its exit code tells.
    verified: code === 0 && stdout.includes("Verification: OK") && stdout.includes("Verified peername: "),
    negotiated: negotiatedFrom(stdout),
    resumed: /^Reused, /m.test(stdout),
    response: responseFrom(stdout),
    ...(alert === undefined ? {} : { alert: Number(alert) }),
    output: stdout + stderr,
  };
}

function flag(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}

function negotiatedFrom(output: string) {
  const [, version, cipherSuite] = /^(?:New|Reused), (\S+), Cipher is (\S+)$/m.exec(output) ?? [];
  const group = /^(?:Server Temp Key|Negotiated TLS1\.3 group): (?:ECDH, )?([^,\n]+)/m.exec(output)?.[1];
  const digest = /^Peer signing digest: (\S+)$/m.exec(output)?.[1];
  const type = /^Peer signature type: (\S+)$/m.exec(output)?.[1];
  return present({
    version: version?.replace("(NONE)", ""),
    cipherSuite: cipherSuite === "(NONE)" ? undefined : ianaName(cipherSuite),
    group: ianaName(group),
    signatureScheme: ianaName(type === undefined || /^ed/i.test(type) ? type : `${type}-${digest}`),
    alpn: /^ALPN protocol: (\S+)$/m.exec(output)?.[1],
  });
}

/** What s_client says of each ticket that comes, before, within or after the peer's bytes. */
const ticketReport = /---\nPost-Handshake New Session Ticket arrived:\n[^]*?\n---\nread R BLOCK\n/g;

/** s_client writes its own reports (of tickets) and the peer's bytes to one stream; without those a response is last. */
function responseFrom(transcript: string): string {
  const output = transcript.replace(ticketReport, "");
  const start = output.search(/^HTTP\/1\.[01] \d{3}/m);
  return start === -1 ? "" : output.slice(start).replace(/(closed|read:errno=\d+)\n$/, "");
}
