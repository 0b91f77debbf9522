import { runCommand } from "../command.ts";
import { type ClientResult, type Endpoint, ianaName, present } from "./negotiated.ts";

export interface CurlOptions {
  readonly path?: string;
  /** The one version that is offered; TLS 1.3 unless told. */
  readonly version?: "1.2" | "1.3";
  readonly extraArguments?: readonly string[];
  /** A request body. */
  readonly body?: string;
}

export interface CurlResult extends ClientResult {
  readonly status: number;
  /** Seconds until the handshake was done, from the start of the connection. */
  readonly handshakeSeconds: number;
  /** The chain that the server sent, leaf first, each in PEM. */
  readonly chain: readonly string[];
}

/** `curl` over one version of TLS: the response is the body alone. */
export async function curl(endpoint: Endpoint, options: CurlOptions = {}): Promise<CurlResult> {
  const { path = "/", body, version: offered = "1.3", extraArguments = [] } = options;
  const { code, stdout, stderr } = await runCommand("curl", [
    ...[
      "--silent",
      "--show-error",
      "--verbose",
      `--tlsv${offered}`,
      "--tls-max",
      offered,
      "--max-time",
      "15",
      "--noproxy",
      "*",
    ],
    ...curlTarget(endpoint, path),
    ...(body === undefined ? [] : ["--data-binary", "@-"]),
    ...[
      "--write-out",
      "%{stderr}\nresult %{http_code} %{ssl_verify_result} %{time_connect} %{time_appconnect}\n%{certs}",
    ],
    ...extraArguments,
  ], body === undefined ? {} : { input: body });
  const [, status = "0", verify = "1", connected = "0", handshaken = "0"] =
    /^result (\d+) (\d+) (\S+) (\S+)$/m.exec(stderr) ?? [];
  const [, version, cipherSuite] = /^\* SSL connection using (\S+) \/ (\S+)/m.exec(stderr) ?? [];
  const alpn = /^\* ALPN: server accepted (\S+)/m.exec(stderr)?.[1];
  return {
    verified: code === 0 && verify === "0",
    negotiated: present({
      version,
      cipherSuite: ianaName(cipherSuite),
      group: undefined,
      signatureScheme: undefined,
      alpn,
    }),
    response: stdout,
    output: stdout + stderr,
    status: Number(status),
    handshakeSeconds: Number(handshaken) - Number(connected),
    chain: stderr.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [],
  };
}

/** The arguments that bring curl to an endpoint by its name, without any name service, and tell it whom to trust. */
export function curlTarget({ host, port, serverName, rootFile }: Endpoint, path: string): string[] {
  return [
    "--cacert",
    rootFile,
    "--resolve",
    `${serverName}:${port}:${host}`,
    `https://${serverName}:${port}${path}`,
  ];
}
