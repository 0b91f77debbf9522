import assert from "node:assert/strict";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import { greeting } from "../harness/http_backend.ts";
import type { ConfigTable } from "../harness/config_patch.ts";
import { edgeConfig } from "../harness/default_configs.ts";
import type { Installation } from "../harness/installation.ts";
import { withSystem } from "../harness/system.ts";

const cipherSuites = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
const groups = { x25519: "X25519", secp256r1: "P-256", secp384r1: "P-384" };
const schemes = {
  ecdsa_secp256r1_sha256: "ECDSA+SHA256",
  ecdsa_secp384r1_sha384: "ECDSA+SHA384",
  rsa_pss_rsae_sha256: "RSA-PSS+SHA256",
  rsa_pss_rsae_sha384: "RSA-PSS+SHA384",
  rsa_pss_rsae_sha512: "RSA-PSS+SHA512",
};

const keys = [
  { name: "www-p256", type: "ecdsa-p256" },
  { name: "www-p384", type: "ecdsa-p384" },
  { name: "www-rsa", type: "rsa-2048" },
] as const;

Deno.test("openssl s_client negotiates every suite, group and certificate type, each with one signature of the key server", async (t) => {
  await withSystem({ keys }, async (system) => {
    for (const cipherSuite of cipherSuites) {
      for (const [group, opensslGroup] of Object.entries(groups)) {
        for (const [signatureScheme, signatureAlgorithms] of Object.entries(schemes)) {
          await t.step(`${cipherSuite} ${group} ${signatureScheme}`, async () => {
            const before = await system.signatures();
            const result = await opensslClient(system.endpoint, {
              ...{ cipherSuites: cipherSuite, groups: opensslGroup, signatureAlgorithms },
            });
            assert(result.verified, result.output);
            assert(result.response.endsWith(greeting), result.output);
            assert.deepEqual(
              { ...result.negotiated, group },
              { version: "TLSv1.3", cipherSuite, group, signatureScheme },
            );
            assert.equal(await system.signatures(), before + 1);
          });
        }
      }
    }
    await t.step("the group that s_client was made to use is the one the edge logged", async () => {
      for (const [group, opensslGroup] of Object.entries(groups)) {
        await opensslClient(system.endpoint, { groups: opensslGroup });
        await system.edge.record(
          `a handshake over ${group}`,
          (record) => record.event === "handshake" && record.group === group,
        );
      }
    });
  });
});

Deno.test("a client whose first key share is of no use is asked for another, and served", async () => {
  await withSystem({}, async (system) => {
    // s_client sends a share for its first group alone, and the edge has no X448.
    const result = await opensslClient(system.endpoint, { groups: "X448:P-384" });
    assert(result.verified, result.output);
    assert(result.response.endsWith(greeting));
    await system.edge.record(
      "a handshake over secp384r1",
      (record) => record.event === "handshake" && record.group === "secp384r1",
    );
  });
});

Deno.test("ALPN is the server's preference among what the client offers; none in common is refused", async () => {
  await withSystem({}, async (system) => {
    const agreed = await opensslClient(system.endpoint, { alpn: "h2,http/1.1" });
    assert.equal(agreed.negotiated.alpn, "http/1.1");
    const refused = await opensslClient(system.endpoint, { alpn: "imap" });
    assert.equal(refused.alert, 120, refused.output);
  });
});

Deno.test("a name the edge does not serve is refused with unrecognized_name when no site is the default", async () => {
  const edge = (installation: Installation) => {
    const [site] = edgeConfig(installation, "pop1", 0).site as ConfigTable[];
    return { site: [{ ...site, default: false }] };
  };
  await withSystem({ edge }, async (system) => {
    const stranger = { ...system.endpoint, serverName: "stranger.example" };
    assert.equal((await opensslClient(stranger)).alert, 112);
    assert((await opensslClient(system.endpoint)).verified);
  });
});
