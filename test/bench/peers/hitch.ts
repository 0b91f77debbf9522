import { writePublic } from "../../../certs/write.ts";
import type { Installation } from "../../harness/installation.ts";
import { certificates, type Setup } from "./contender.ts";
import { peerAddress, PeerProcess } from "./peer_process.ts";

/** hitch, its keys in files. */
export async function startHitch(installation: Installation, { workers }: Setup): Promise<PeerProcess> {
  const config = installation.file("hitch.conf");
  const backend = installation.address("backend");
  const frontends = certificates.map((certificate) => {
    const { host, port } = peerAddress(installation, "hitch", certificate);
    const pem = installation.file(`${certificate}.both.pem`);
    return `frontend = {\n  host = "${host}"\n  port = "${port}"\n  pem-file = "${pem}"\n}\n`;
  });
  await writePublic(
    config,
    `${frontends.join("")}
backend = "[${backend.host}]:${backend.port}"
workers = ${workers}
backlog = 4096
daemon = off
tls-protos = TLSv1.2 TLSv1.3
ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
ciphersuites = "TLS_AES_128_GCM_SHA256"
ecdh-curve = "X25519:prime256v1"
prefer-server-ciphers = on
ocsp-dir = ""
log-level = 0
`,
  );
  const user = Deno.uid() === 0 ? ["--user=root"] : [];
  return await PeerProcess.start("hitch", installation, {
    command: "hitch",
    args: [`--config=${config}`, ...user],
  });
}
