import { runCommand } from "../command.ts";
import { type ClientResult, type Endpoint, getRequest, ianaName, present } from "./negotiated.ts";

export interface GnutlsOptions {
  readonly path?: string;
  readonly alpn?: string;
  /** A GnuTLS priority string; TLS 1.3 only unless told. */
  readonly priority?: string;
  readonly extraArguments?: readonly string[];
}

/** `gnutls-cli`: fetches a page and reports what was negotiated and verified. */
export async function gnutlsClient(endpoint: Endpoint, options: GnutlsOptions = {}): Promise<ClientResult> {
  const { host, port, serverName, rootFile } = endpoint;
  const { path = "/", alpn, priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3" } = options;
  const { stdout, stderr } = await runCommand("gnutls-cli", [
    ...["--x509cafile", rootFile, `--sni-hostname=${serverName}`, `--verify-hostname=${serverName}`],
    ...["--priority", priority, "-p", String(port)],
    ...(alpn === undefined ? [] : ["--alpn", alpn]),
    ...options.extraArguments ?? [],
    host,
  ], { input: getRequest(serverName, path) });
  const output = stdout + stderr;
  const alert = /Received alert \[(\d+)\]/.exec(output)?.[1];
  const start = stdout.search(/^HTTP\/1\.[01] \d{3}/m);
  return {
    verified: output.includes("- Status: The certificate is trusted.") &&
      output.includes("Handshake was completed"),
    negotiated: negotiatedFrom(output),
    resumed: output.includes("*** This is a resumed session"),
    response: start === -1 ? "" : stdout.slice(start).replace(/- Peer has closed[^\n]*\n$/, ""),
    ...(alert === undefined ? {} : { alert: Number(alert) }),
    output,
  };
}

/**
 * As in `- Description: (TLS1.3-X.509)-(ECDHE-SECP256R1)-(ECDSA-SECP256R1-SHA256)-(AES-256-GCM)`, of the last of several
 * connections; of a resumption in TLS 1.3 it tells neither group nor signature.
 */
function negotiatedFrom(output: string) {
  const description = [...output.matchAll(/^- Description: (.*)$/mg)].at(-1)?.[1] ?? "";
  const parts = [...description.matchAll(/\(([^)]+)\)/g)].map(([, part]) => part);
  const [version, cipher] = [parts[0], parts.at(-1)];
  const [group, signature] = parts.length === 4 ? parts.slice(1, 3) : [];
  return present({
    version: version?.replace(/^TLS(1\.\d).*/, "TLSv$1"),
    cipherSuite: version?.startsWith("TLS1.2") === true ? tls12Suite(signature, cipher) : ianaName(cipher),
    group: ianaName(group?.replace(/^ECDHE-/, "")),
    signatureScheme: ianaName(signature),
    alpn: /^- Application protocol: (\S+)$/m.exec(output)?.[1],
  });
}

/** In TLS 1.2 GnuTLS tells the suite's parts: the kind of key shows in the signature's name. */
function tls12Suite(signature: string | undefined, cipher: string | undefined): string | undefined {
  if (signature === undefined) return undefined;
  const authentication = signature.startsWith("RSA") ? "RSA" : "ECDSA";
  return ianaName(cipher)?.replace("TLS_", `TLS_ECDHE_${authentication}_WITH_`);
}
