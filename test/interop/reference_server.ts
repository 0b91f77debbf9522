import assert from "node:assert/strict";
import { poll } from "../harness/poll.ts";
import { ChildProcess } from "../harness/processes/child_process.ts";
import type { CertificateName } from "./cell.ts";

export interface ReferenceServerOptions {
  readonly host: string;
  readonly port: number;
  readonly certificate: CertificateName;
  /** PEM files. */
  readonly chain: string;
  readonly privateKey: string;
  /** PEM file of the authority whose certificates clients must show; absent: they are not asked. */
  readonly clientAuthority?: string;
}

/** The edge's preferences, in OpenSSL's names: who decides is the same on both sides, so what differs is a mistake. */
const preferences = [
  "-serverpref",
  ...["-groups", "X25519:P-256:P-384"],
  ...["-ciphersuites", "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"],
  ...[
    "-cipher",
    ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"]
      .flatMap((cipher) => [`ECDHE-ECDSA-${cipher}`, `ECDHE-RSA-${cipher}`]).join(":"),
  ],
];

const signatureAlgorithms: Readonly<Record<CertificateName, string>> = {
  p256: "ECDSA+SHA256",
  p384: "ECDSA+SHA384",
  rsa: "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512",
};

/** What clients may sign with; what the server itself signs with would bind them otherwise. */
const clientSignatureAlgorithms = "ECDSA+SHA256:RSA-PSS+SHA256:ECDSA+SHA384";

/** `openssl s_server` with a certificate's key in a file, as TLS is served without Holdfast. */
export async function startReferenceServer(options: ReferenceServerOptions): Promise<ChildProcess> {
  const { host, port, certificate, chain, privateKey, clientAuthority } = options;
  const server = new ChildProcess({
    name: "s_server",
    command: "openssl",
    args: [
      ...["s_server", "-accept", `${host}:${port}`, "-www", "-quiet", "-alpn", "http/1.1", "-min_protocol"],
      ...["TLSv1.2", "-cert", chain, "-cert_chain", chain, "-key", privateKey, ...preferences],
      ...["-sigalgs", signatureAlgorithms[certificate], "-client_sigalgs", clientSignatureAlgorithms],
      ...(clientAuthority === undefined ? [] : ["-Verify", "3", "-CAfile", clientAuthority]),
    ],
  });
  await poll("s_server", async () => {
    assert.equal(server.end, undefined, server.lines.join("\n"));
    (await Deno.connect({ hostname: host, port })).close();
    return true;
  });
  return server;
}
