import { writePublic, writeSecret } from "../../../certs/write.ts";
import { formatAddress } from "../../../shared/config/address.ts";
import type { Installation } from "../../harness/installation.ts";
import { type CertificateName, certificates, type Setup } from "./contender.ts";
import { peerAddress, type PeerName, PeerProcess } from "./peer_process.ts";

const streamModule = "/usr/lib/nginx/modules/ngx_stream_module.so";

/** nginx as a TLS relay, its keys in files. */
export async function startNginx(installation: Installation, setup: Setup): Promise<PeerProcess> {
  const keyOf = (certificate: CertificateName) => installation.file(`${certificate}.key`);
  return await start("nginx", installation, setup, keyOf, {});
}

/** nginx as a TLS relay that signs in the token itself, through OpenSSL's engine for PKCS#11. */
export async function startNginxPkcs11(installation: Installation, setup: Setup): Promise<PeerProcess> {
  const { token } = installation;
  const config = installation.file("nginx-openssl.cnf");
  const pin = (await Deno.readTextFile(token.pinFile)).trim();
  await writeSecret(config, opensslConfig(token.modulePath, pin));
  const keyOf = (certificate: CertificateName) =>
    `engine:pkcs11:pkcs11:token=${token.label};object=${certificate};type=private`;
  return await start("nginx+pkcs11", installation, setup, keyOf, { ...token.env, OPENSSL_CONF: config });
}

function opensslConfig(modulePath: string, pin: string): string {
  return `openssl_conf = init
[init]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
MODULE_PATH = ${modulePath}
PIN = ${pin}
init = 1
`;
}

async function start(
  name: PeerName,
  installation: Installation,
  { workers, logs }: Setup,
  keyOf: (certificate: CertificateName) => string,
  env: Readonly<Record<string, string>>,
): Promise<PeerProcess> {
  const [config, errorLog] = [installation.file(`${name}.conf`), installation.file(`${name}.error.log`)];
  const accessLog = logs ? `${installation.file(`${name}.access.log`)} connections` : "off";
  const servers = certificates.map((certificate) => `
  server {
    listen ${formatAddress(peerAddress(installation, name, certificate))} ssl backlog=4096 reuseport;
    ssl_certificate ${installation.file(`${certificate}.pem`)};
    ssl_certificate_key "${keyOf(certificate)}";
    proxy_pass ${formatAddress(installation.address("backend"))};
  }`);
  await writePublic(
    config,
    `load_module ${streamModule};
daemon off;
${Deno.uid() === 0 ? "user root;" : ""}
pid ${installation.file(`${name}.pid`)};
error_log ${errorLog} error;
worker_processes ${workers};
worker_rlimit_nofile 65536;
${Object.keys(env).map((variable) => `env ${variable};`).join("\n")}
events { worker_connections 60000; }
stream {
  log_format connections '$remote_addr [$time_local] $ssl_protocol $ssl_cipher $ssl_server_name '
                         '$ssl_session_reused $status $bytes_sent $bytes_received $session_time';
  access_log ${accessLog};
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_ecdh_curve X25519:prime256v1;
  ssl_prefer_server_ciphers on;
  ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256;
  ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
  tcp_nodelay on;
${servers.join("\n")}
}
`,
  );
  try {
    const args = ["-c", config, "-e", errorLog, "-p", installation.folder];
    return await PeerProcess.start(name, installation, { command: "nginx", args, env });
  } catch (error) {
    const log = await Deno.readTextFile(errorLog).catch(() => "");
    throw new Error(`${(error as Error).message} ${log.trim()}`);
  }
}
