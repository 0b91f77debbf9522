import assert from "node:assert/strict";
import { curl } from "../harness/clients/curl.ts";
import { gnutlsClient } from "../harness/clients/gnutls_client.ts";
import type { ClientResult, Endpoint } from "../harness/clients/negotiated.ts";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import { type ClientIdentity, ClientPki } from "../harness/client_pki.ts";
import type { ConfigTable } from "../harness/config_patch.ts";
import { edgeConfig } from "../harness/default_configs.ts";
import { greeting } from "../harness/http_backend.ts";
import type { Installation } from "../harness/installation.ts";
import { poll } from "../harness/poll.ts";
import { type System, withSystem } from "../harness/system.ts";

type Version = "1.2" | "1.3";
const versions: readonly Version[] = ["1.3", "1.2"];

const keys = [{ name: "www-ecdsa", type: "ecdsa-p256" }] as const;
const names = ["www.holdfast.test", "optional.holdfast.test"] as const;

const pki = await ClientPki.create("Client CA");
const stranger = await ClientPki.create("Stranger CA");
const identities = {
  good: await pki.issue({ commonName: "good.client.test" }),
  rsa: await pki.issue({ commonName: "rsa.client.test", keyType: "rsa" }),
  revoked: await pki.issue({ commonName: "revoked.client.test" }),
  expired: await pki.issue({ notAfter: new Date(Date.now() - 60_000) }),
  unknown: await stranger.issue(),
  server: await pki.issue({ usage: "serverAuth" }),
} satisfies Record<string, ClientIdentity>;
type Who = keyof typeof identities;

const revocationList = await pki.revocationListPem(identities.revoked);

/** Two sites, one that requires client certificates and one where they are optional. */
function edge(installation: Installation): ConfigTable {
  Deno.writeTextFileSync(installation.file("clients-ca.pem"), pki.authorityPem);
  Deno.writeTextFileSync(installation.file("clients.crl"), revocationList);
  for (const [who, { certificatePem, privateKeyPem }] of Object.entries(identities)) {
    Deno.writeTextFileSync(installation.file(`${who}.pem`), certificatePem);
    Deno.writeTextFileSync(installation.file(`${who}.key`), privateKeyPem);
  }
  const [site] = edgeConfig(installation, "pop1", 0).site as ConfigTable[];
  const siteWith = (name: string, mode: string) => ({
    ...site,
    names: [name],
    default: false,
    client_certificates: { mode, ca: "clients-ca.pem", crls: ["clients.crl"] },
  });
  return { site: [siteWith(names[0], "required"), siteWith(names[1], "optional")] };
}

/** A client of one kind, with the certificate of `who`, or without any. */
type Client = (system: System, version: Version, who: Who | undefined) => Promise<ClientResult>;

const opensslArguments = ({ installation }: System, who: Who | undefined) =>
  who === undefined
    ? []
    : ["-cert", installation.file(`${who}.pem`), "-key", installation.file(`${who}.key`)];

const clients: Readonly<Record<string, Client>> = {
  "openssl s_client": (system, version, who) =>
    opensslClient(system.endpoint, { version, extraArguments: opensslArguments(system, who) }),
  "gnutls-cli": (system, version, who) => {
    const priority = `NORMAL:-VERS-ALL:+VERS-TLS${version}`;
    const file = (kind: string) => system.installation.file(`${who}.${kind}`);
    const extraArguments = who === undefined
      ? []
      : ["--x509certfile", file("pem"), "--x509keyfile", file("key")];
    return gnutlsClient(system.endpoint, { priority, extraArguments });
  },
  "curl": async (system, version, who) => {
    const file = (kind: string) => system.installation.file(`${who}.${kind}`);
    const extraArguments = who === undefined ? [] : ["--cert", file("pem"), "--key", file("key")];
    const result = await curl(system.endpoint, { version, extraArguments });
    // Level and description as one number.
    const alert = /\(IN\), TLS alert, [^(]*\((\d+)\)/.exec(result.output)?.[1];
    return { ...result, ...(alert === undefined ? {} : { alert: Number(alert) & 0xff }) };
  },
};

/** What becomes of whom: the metric's label, and the alert in both versions. */
const refusals: readonly (readonly [Who | undefined, string, Record<Version, number>])[] = [
  [undefined, "absent", { "1.3": 116, "1.2": 40 }],
  ["unknown", "unknown-authority", { "1.3": 48, "1.2": 48 }],
  ["expired", "expired", { "1.3": 45, "1.2": 45 }],
  ["revoked", "revoked", { "1.3": 44, "1.2": 44 }],
  ["server", "wrong-purpose", { "1.3": 43, "1.2": 43 }],
];

const count = ({ edge }: System, result: string) =>
  edge.metric("holdfast_edge_client_certificates_total", { result });

/** Runs a client; its end must be counted under `result`, and nothing else may be. */
async function counting(
  system: System,
  result: string,
  run: () => Promise<ClientResult>,
): Promise<ClientResult> {
  const { edge } = system;
  const all = () => edge.metric("holdfast_edge_client_certificates_total");
  const [before, sum] = [await count(system, result), await all()];
  const outcome = await run();
  await poll(
    `one more "${result}" (${outcome.output})`,
    async () => await count(system, result) === before + 1,
  );
  assert.equal(await all(), sum + 1);
  return outcome;
}

Deno.test("clients with a good certificate are served, and all others refused with the alert that fits", async (t) => {
  await withSystem({ keys, names: [...names], edge }, async (system) => {
    for (const version of versions) {
      for (const [name, client] of Object.entries(clients)) {
        for (const who of ["good", "rsa"] as const) {
          await t.step(`${name}, TLS ${version}: ${who} is served`, async () => {
            const { output } = await counting(
              system,
              "accepted",
              () => client(system, version, who),
            );
            assert(output.includes(greeting), output);
          });
        }
        for (const [who, result, alerts] of refusals) {
          await t.step(`${name}, TLS ${version}: ${who ?? "nobody"} is refused`, async () => {
            const outcome = await counting(system, result, () => client(system, version, who));
            assert.equal(outcome.alert, alerts[version], outcome.output);
            assert(!outcome.output.includes(greeting));
          });
        }
      }
    }

    await t.step("the log tells clients apart by a digest, and names none", async () => {
      const record = await system.edge.record(
        "a refused client",
        ({ event, clientCertificate }) => event === "handshake" && clientCertificate === "revoked",
      );
      assert.equal(record.clientSubject, await subjectDigest("CN=revoked.client.test"));
      assert(!system.edge.lines.some((line) => line.includes("revoked.client.test")));
    });

    const optional: Endpoint = { ...system.endpoint, serverName: names[1] };
    for (const version of versions) {
      await t.step(`where it is optional, TLS ${version}: none is served, a bad one refused`, async () => {
        const none = await counting(system, "absent", () => opensslClient(optional, { version }));
        assert(none.output.includes(greeting), none.output);
        const bad = await counting(
          system,
          "revoked",
          () => opensslClient(optional, { version, extraArguments: opensslArguments(system, "revoked") }),
        );
        assert.equal(bad.alert, 44, bad.output);
      });
    }
  });
});

async function subjectDigest(subject: string): Promise<string> {
  const bytes = new TextEncoder().encode(subject);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

Deno.test("a session resumes without the certificate; after the reload of a CRL that has it, neither resumes nor enters", async (t) => {
  await withSystem({ keys, names: [...names], edge }, async (system) => {
    const { edge, installation, endpoint } = system;
    const connect = (version: Version, extraArguments: readonly string[]) =>
      opensslClient(endpoint, {
        version,
        extraArguments: [...opensslArguments(system, "good"), ...extraArguments],
      });
    const session = (version: Version) => installation.file(`client-${version}.session`);
    for (const version of versions) {
      await t.step(`TLS ${version}: resumed`, async () => {
        await counting(system, "accepted", () => connect(version, ["-sess_out", session(version)]));
        const again = await counting(
          system,
          "resumed",
          () => connect(version, ["-sess_in", session(version)]),
        );
        assert.match(again.output, /^Reused, /m);
        assert(again.output.includes(greeting), again.output);
      });
      await t.step(`TLS ${version}: the other site does not take the session`, async () => {
        const other = await opensslClient({ ...endpoint, serverName: names[1] }, {
          version,
          extraArguments: ["-sess_in", session(version)],
        });
        assert.match(other.output, /^New, /m);
      });
    }

    const revoked = await pki.revocationListPem(identities.revoked, identities.good);
    await Deno.writeTextFile(installation.file("clients.crl"), revoked);
    edge.signal("SIGHUP");
    await edge.record("reload", ({ event }) => event === "edge-reloaded");
    for (const version of versions) {
      await t.step(`TLS ${version}: revoked meanwhile`, async () => {
        const refused = await counting(
          system,
          "revoked",
          () => connect(version, ["-sess_in", session(version)]),
        );
        assert.equal(refused.alert, 44, refused.output);
      });
    }
  });
});
