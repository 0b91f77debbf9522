import assert from "node:assert/strict";
import { curl } from "../harness/clients/curl.ts";
import { gnutlsClient } from "../harness/clients/gnutls_client.ts";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import { greeting } from "../harness/http_backend.ts";
import { type System, withSystem } from "../harness/system.ts";

const keys = [
  { name: "www-p256", type: "ecdsa-p256" },
  { name: "www-p384", type: "ecdsa-p384" },
  { name: "www-rsa", type: "rsa-2048" },
] as const;

/** Runs a client and asserts that its handshake cost the key server exactly one TLS 1.2 signature, and none of TLS 1.3. */
async function signedInTls12<T>(system: System, run: () => Promise<T>): Promise<T> {
  const before = [await system.signatures("sign-tls12"), await system.signatures()] as const;
  const result = await run();
  assert.equal(await system.signatures("sign-tls12"), before[0] + 1);
  assert.equal(await system.signatures(), before[1]);
  return result;
}

const ciphers = {
  "AES128-GCM-SHA256": "AES_128_GCM_SHA256",
  "AES256-GCM-SHA384": "AES_256_GCM_SHA384",
  "CHACHA20-POLY1305": "CHACHA20_POLY1305_SHA256",
};

/** IANA's scheme, OpenSSL's name of it, and whose suites it goes with. */
const schemes = [
  ["ecdsa_secp256r1_sha256", "ECDSA+SHA256", "ECDSA"],
  ["ecdsa_secp384r1_sha384", "ECDSA+SHA384", "ECDSA"],
  ["rsa_pss_rsae_sha256", "RSA-PSS+SHA256", "RSA"],
  ["rsa_pss_rsae_sha384", "RSA-PSS+SHA384", "RSA"],
  ["rsa_pss_rsae_sha512", "RSA-PSS+SHA512", "RSA"],
  ["rsa_pkcs1_sha256", "RSA+SHA256", "RSA"],
  ["rsa_pkcs1_sha384", "RSA+SHA384", "RSA"],
  ["rsa_pkcs1_sha512", "RSA+SHA512", "RSA"],
] as const;

Deno.test("TLS 1.2: clients of every suite, group and scheme are served by keys that never leave the token", async (t) => {
  await withSystem({ keys }, async (system) => {
    for (const [cipher, suite] of Object.entries(ciphers)) {
      for (const [signatureScheme, signatureAlgorithms, kind] of schemes) {
        await t.step(`openssl: ECDHE-${kind}-${cipher} ${signatureScheme}`, async () => {
          const result = await signedInTls12(system, () =>
            opensslClient(system.endpoint, {
              ...{ version: "1.2", cipherSuites: `ECDHE-${kind}-${cipher}`, signatureAlgorithms },
              groups: "X25519:P-256:P-384",
            }));
          assert(result.verified, result.output);
          assert(result.response.endsWith(greeting), result.output);
          const { version, cipherSuite, signatureScheme: scheme } = result.negotiated;
          assert.deepEqual(
            { version, cipherSuite, scheme },
            { version: "TLSv1.2", cipherSuite: `TLS_ECDHE_${kind}_WITH_${suite}`, scheme: signatureScheme },
          );
        });
      }
    }

    await t.step("openssl: each group", async () => {
      for (const [group, name] of [["X25519", "x25519"], ["P-256", "secp256r1"], ["P-384", "secp384r1"]]) {
        const options = { version: "1.2", signatureAlgorithms: "RSA+SHA256", groups: group! } as const;
        const result = await signedInTls12(system, () => opensslClient(system.endpoint, options));
        assert.equal(result.negotiated.group, name, result.output);
      }
    });

    await t.step("curl --tls-max 1.2", async () => {
      const result = await signedInTls12(system, () => curl(system.endpoint, { version: "1.2" }));
      assert(result.verified, result.output);
      assert.equal(result.response, greeting);
      assert.equal(result.negotiated.version, "TLSv1.2");
    });

    await t.step("gnutls-cli", async () => {
      for (
        const [algorithm, scheme] of [["RSA-SHA256", "rsa_pkcs1_sha256"], [
          "RSA-PSS-RSAE-SHA384",
          "rsa_pss_rsae_sha384",
        ]]
      ) {
        const priority =
          `NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ECDHE-RSA:-SIGN-ALL:+SIGN-${algorithm}:+SIGN-RSA-SHA256`;
        const result = await signedInTls12(system, () => gnutlsClient(system.endpoint, { priority }));
        assert(result.verified, result.output);
        assert(result.response.endsWith(greeting), result.output);
        assert.equal(result.negotiated.version, "TLSv1.2");
        assert.equal(result.negotiated.signatureScheme, scheme, result.output);
      }
    });

    await t.step("the edge's record names the version, the suite and the scheme", async () => {
      await system.edge.record(
        "a TLS 1.2 handshake",
        (record) =>
          record.event === "handshake" && record.version === "TLSv1.2" &&
          record.cipherSuite === "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" &&
          record.signatureScheme === "rsa_pkcs1_sha512",
      );
    });

    await t.step("TLS 1.3 is not signed with PKCS#1 v1.5", async () => {
      const refused = await opensslClient(system.endpoint, { signatureAlgorithms: "RSA+SHA256:RSA+SHA512" });
      assert.equal(refused.alert, 40, refused.output);
    });
  });
});

Deno.test("a client of a version that is off is refused with protocol_version, one of the other is served", async (t) => {
  for (const [on, off] of [["1.2", "1.3"], ["1.3", "1.2"]] as const) {
    await t.step(
      `versions = ["${on}"]`,
      () =>
        withSystem({ edge: { tls: { versions: [on] } } }, async (system) => {
          assert((await opensslClient(system.endpoint, { version: on })).verified);
          const refused = await opensslClient(system.endpoint, { version: off });
          assert.equal(refused.alert, 70, refused.output);
        }),
    );
  }
});

Deno.test("suites and groups that the configuration leaves out are not spoken", async () => {
  const tls = {
    cipher_suites: ["TLS_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
    groups: ["secp384r1"],
  };
  await withSystem({ edge: { tls } }, async (system) => {
    for (const version of ["1.2", "1.3"] as const) {
      const { negotiated } = await opensslClient(system.endpoint, { version });
      assert.match(negotiated.cipherSuite ?? "", /AES_256_GCM_SHA384$/);
      assert.equal(negotiated.group, "secp384r1");
      const refused = await opensslClient(system.endpoint, { version, groups: "X25519:P-256" });
      assert.equal(refused.alert, 40, refused.output);
    }
  });
});
