import { gnutlsClient } from "../../harness/clients/gnutls_client.ts";
import type { ClientResult } from "../../harness/clients/negotiated.ts";
import { type Cell, type Cipher, offeredGroups } from "../cell.ts";
import type { Target } from "./run_cell.ts";

const ciphers: Readonly<Record<Cipher, string>> = {
  AES_128_GCM_SHA256: "AES-128-GCM",
  AES_256_GCM_SHA384: "AES-256-GCM",
  CHACHA20_POLY1305_SHA256: "CHACHA20-POLY1305",
};

/** `gnutls-cli`. */
export function runGnutls(cell: Cell, { endpoint, clientCertificate }: Target): Promise<ClientResult> {
  const { certificate, privateKey } = clientCertificate;
  return gnutlsClient(endpoint, {
    alpn: "http/1.1",
    priority: priorityOf(cell),
    extraArguments: [
      // TLS 1.3 has its tickets after the handshake: without waiting for them, chance decides whether there is one.
      ...(cell.resumes ? ["--resume", "--waitresumption"] : []),
      ...(cell.clientCertificate ? ["--x509certfile", certificate, "--x509keyfile", privateKey] : []),
    ],
  });
}

function priorityOf(cell: Cell): string {
  const groups = offeredGroups(cell).map((group) => `+GROUP-${group.toUpperCase()}`);
  return [
    ...["NORMAL", "-VERS-ALL", `+VERS-TLS${cell.version}`],
    ...(cell.cipher === "any" ? [] : ["-CIPHER-ALL", `+${ciphers[cell.cipher]}`]),
    ...(groups.length === 0 ? [] : ["-GROUP-ALL", ...groups]),
  ].join(":");
}
