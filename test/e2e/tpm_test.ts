import assert from "node:assert/strict";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import { greeting } from "../harness/http_backend.ts";
import { poll } from "../harness/poll.ts";
import { type System, withSystem } from "../harness/system.ts";
import { TpmToken } from "../harness/token/tpm_token.ts";

const keys = [{ name: "www-ecdsa", type: "ecdsa-p256" }, { name: "www-rsa", type: "rsa-2048" }] as const;

/** A whole system whose token is a TPM. */
async function withTpm(run: (system: System, tpm: TpmToken) => Promise<void>): Promise<void> {
  await using parts = new AsyncDisposableStack();
  let tpm: TpmToken | undefined;
  const makeToken = async (folder: string) => tpm = parts.use(await TpmToken.create(folder, keys));
  await withSystem({ keys, makeToken, keyServer: { limits: { probe_interval_ms: 500 } } }, async (system) => {
    await run(system, tpm!);
  });
}

async function handshakes(system: System, algorithm: string): Promise<boolean> {
  const { verified, response } = await opensslClient(system.endpoint, { signatureAlgorithms: algorithm });
  return verified && response.endsWith(greeting);
}

Deno.test("a TPM signs for TLS: P-256 by itself, RSA-PSS by padding in software; a restart of it is survived", async () => {
  await withTpm(async (system, tpm) => {
    const loaded = system.keyServer.records.filter(({ event }) => event === "key-loaded");
    const refused = loaded.find(({ key }) => key === "www-rsa")?.refused as { method: string }[];
    assert(refused.some(({ method }) => method === "CKM_RSA_PKCS_PSS"), "its word for RSA-PSS is not taken");
    for (const algorithm of ["ECDSA+SHA256", "rsa_pss_rsae_sha256"]) {
      assert(await handshakes(system, algorithm), algorithm);
    }
    const { pid } = system.keyServer;
    await tpm.kill();
    assert.equal((await opensslClient(system.endpoint)).verified, false, "no TPM, no handshake");
    await tpm.start();
    for (const algorithm of ["ECDSA+SHA256", "rsa_pss_rsae_sha256"]) {
      await poll(`a handshake with ${algorithm}`, () => handshakes(system, algorithm));
    }
    assert.equal(system.keyServer.pid, pid);
    await system.keyServer.ready();
  });
});
