import assert from "node:assert/strict";
import { openPage } from "../harness/clients/chromium.ts";
import { curl } from "../harness/clients/curl.ts";
import { gnutlsClient } from "../harness/clients/gnutls_client.ts";
import { countingBytes, greeting } from "../harness/http_backend.ts";
import { type System, withSystem } from "../harness/system.ts";

/** Runs a client and asserts that its handshake cost the key server exactly `expected` signatures. */
async function countingSignatures<T>(system: System, run: () => Promise<T>, expected = 1): Promise<T> {
  const before = await system.signatures();
  const result = await run();
  assert.equal(await system.signatures() - before, expected);
  return result;
}

Deno.test("curl, gnutls-cli and Chromium are served by keys that never leave the token", async (t) => {
  await withSystem({}, async (system) => {
    await t.step("curl: a page, verified", async () => {
      const result = await countingSignatures(system, () => curl(system.endpoint));
      assert(result.verified, result.output);
      assert.equal(result.status, 200);
      assert.equal(result.response, greeting);
      assert.equal(result.negotiated.version, "TLSv1.3");
    });

    await t.step("curl: a large body there and back", async () => {
      const body = "0123456789abcdef".repeat(1 << 16);
      const result = await countingSignatures(system, () => curl(system.endpoint, { path: "/echo", body }));
      assert.equal(result.response, body);
    });

    await t.step("curl: 8 MiB down, each byte in its place", async () => {
      const path = `/bytes/${8 << 20}`;
      const file = await Deno.makeTempFile();
      try {
        const result = await curl(system.endpoint, { path, extraArguments: ["--output", file] });
        assert.equal(result.status, 200, result.output);
        const same = Uint8Array.from(await Deno.readFile(file)).every((byte, i) =>
          byte === ((i * 31 + (i >> 8)) & 0xff)
        );
        assert(same);
        assert.equal((await Deno.stat(file)).size, countingBytes(8 << 20).length);
      } finally {
        await Deno.remove(file);
      }
    });

    await t.step("gnutls-cli: ECDSA and RSA, three groups", async () => {
      for (const group of ["X25519", "SECP256R1", "SECP384R1"]) {
        for (
          const [algorithm, scheme] of [
            ["SIGN-ECDSA-SECP256R1-SHA256", "ecdsa_secp256r1_sha256"],
            ["SIGN-RSA-PSS-RSAE-SHA256", "rsa_pss_rsae_sha256"],
          ]
        ) {
          const priority =
            `NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-${group}:-SIGN-ALL:+${algorithm}:+SIGN-RSA-SHA256`;
          const result = await countingSignatures(system, () => gnutlsClient(system.endpoint, { priority }));
          assert(result.verified, result.output);
          assert(result.response.endsWith(greeting), result.output);
          assert.equal(result.negotiated.signatureScheme, scheme);
          assert.equal(result.negotiated.group?.toLowerCase(), group.toLowerCase());
        }
      }
    });

    await t.step("Chromium: GREASE, permuted extensions and X25519MLKEM768", async () => {
      const before = await system.signatures();
      const page = await openPage(system.endpoint);
      assert.equal(page.status, 200);
      assert.equal(page.title, "Holdfast");
      assert.equal(page.response, greeting);
      assert.equal(page.negotiated.version, "TLSv1.3");
      assert.equal(page.negotiated.group, "X25519MLKEM768", page.output);
      // A browser may open more than one connection.
      assert(await system.signatures() > before);
    });
  });
});
