import assert from "node:assert/strict";
import { ApiClient, pathOf } from "../../key-server/admin/client/api_client.ts";
import type { RotationStep } from "../../key-server/registry/entities/rotation.ts";
import { parseCertificate } from "../../shared/libcrypto/x509.ts";
import type { ConfigTable } from "../harness/config_patch.ts";
import { Pebble } from "../harness/pebble.ts";
import { poll } from "../harness/poll.ts";
import { type System, type SystemOptions, withSystem } from "../harness/system.ts";
import { privateKeys } from "../harness/token/private_keys.ts";
import { HandshakeLoad } from "./handshake_load.ts";

const site = "www.holdfast.test";

interface Rotation {
  readonly id: string;
  readonly step: RotationStep;
  readonly stepSince: string;
  readonly newKey?: string;
  readonly newCertificate?: string;
  readonly problem?: string;
}

const administered: ConfigTable = {
  registry: { path: "registry.sqlite" },
  admin_api: { unix: "admin.sock" },
  rotation: { drain_ms: 300 },
};

async function withRotations(
  options: SystemOptions,
  run: (system: System, api: ApiClient) => Promise<void>,
): Promise<void> {
  await withSystem({
    keys: [{ name: "www-ecdsa", type: "ecdsa-p256" }],
    certificates: "pushed",
    keyServer: administered,
    ...options,
  }, async (system) => {
    await run(system, await ApiClient.open({ socket: system.installation.file("admin.sock") }));
  });
}

async function rotationOf(api: ApiClient, { id }: Pick<Rotation, "id">): Promise<Rotation> {
  return await api.get<Rotation>(pathOf`/v1/rotations/${id}`);
}

async function reaches(
  api: ApiClient,
  rotation: Pick<Rotation, "id">,
  step: RotationStep,
): Promise<Rotation> {
  let last: Rotation | undefined;
  try {
    return await poll(`the step ${step}`, async () => {
      last = await rotationOf(api, rotation);
      return last.step === step && last;
    }, 60_000);
  } catch (error) {
    throw new Error(`it stands at ${JSON.stringify(last)}`, { cause: error });
  }
}

async function rotated(api: ApiClient, request: ConfigTable): Promise<Rotation> {
  return await reaches(api, await api.post<Rotation>("/v1/rotations", { name: site, ...request }), "done");
}

async function serialOf(api: ApiClient, certificate: string): Promise<string> {
  const { serialNumber } = await api.get<{ serialNumber: string }>(pathOf`/v1/certificates/${certificate}`);
  return serialNumber.toLowerCase();
}

async function developmentRoot(api: ApiClient): Promise<string> {
  const { chain } = await api.post<{ chain: string }>("/v1/authorities", { purpose: "development" });
  return chain;
}

Deno.test("under load to RSA-2048 and back, over a kill -9: no handshake fails, none shows a retired certificate, the old keys are gone", async () => {
  // Longer than a key server takes to be back on a busy machine: handshakes wait for it.
  const patch = { limits: { key_operation_deadline_ms: 20_000, handshake_deadline_ms: 25_000 } };
  await withRotations({ edge: patch }, async (system, api) => {
    const { installation } = system;
    await using _ = await installation.startEdge({ index: 1, certificates: "pushed", patch });
    const endpoints = [0, 1].map((index) => ({ ...system.endpoint, ...installation.address("edge", index) }));
    const roots = [installation.pki.webRoot.certificatePem, await developmentRoot(api)];
    const load = new HandshakeLoad(endpoints, roots, 3);
    await poll("the load", () => load.handshakes.length > 20);

    const switches: { readonly at: number; readonly serial: string }[] = [];
    for (const algorithm of ["rsa-2048", "ecdsa-p256"] as const) {
      const request = { name: site, algorithm, issuer: "development", destroys: true };
      const rotation = await api.post<Rotation>("/v1/rotations", request);
      if (algorithm === "ecdsa-p256") {
        await system.keyServer.kill();
        await system.keyServer.restart();
      }
      const { stepSince, newCertificate } = await reaches(api, rotation, "drain");
      switches.push({ at: Date.parse(stepSince), serial: await serialOf(api, newCertificate!) });
      const { newKey } = await reaches(api, rotation, "done");
      const keys = await privateKeys(installation);
      assert.deepEqual([...keys.keys()].toSorted(), ["authority-development", newKey!].toSorted());
      assert.match(keys.get(newKey!)!, /sensitive.*always sensitive.*never extractable.*local/);
    }
    const seen = load.handshakes.length;
    await poll("handshakes with the last key", () => load.handshakes.length > seen + 20);
    await load.stop();
    const failures = load.handshakes.filter(({ failure }) => failure !== undefined);
    assert.deepEqual(failures, []);
    const [first, second] = switches;
    for (const { begun, serial } of load.handshakes) {
      if (begun > second!.at) assert.equal(serial, second!.serial);
      else if (begun > first!.at) assert([first!.serial, second!.serial].includes(serial!));
    }
    assert.equal(new Set(load.handshakes.map(({ serial }) => serial)).size, 3, "all three were served");
  });
});

Deno.test("killed at whatever step it stands, a key server goes on with its rotation when it is back", async () => {
  await withRotations(
    { keyServer: { ...administered, rotation: { drain_ms: 2000 } } },
    async (system, api) => {
      const request = { name: site, algorithm: "rsa-3072", issuer: "development", destroys: true };
      const rotation = await api.post<Rotation>("/v1/rotations", request);
      const killed: string[] = [];
      const kill = async () => {
        killed.push((await rotationOf(api, rotation)).step);
        await system.keyServer.kill();
        await system.keyServer.restart();
        await system.keyServer.ready();
      };
      await kill(); // while the key is generated
      system.edge.signal("SIGSTOP");
      await poll("a rotation that waits for the edge", async () => {
        const { step } = await rotationOf(api, rotation);
        return step === "await-staged" || step === "await-switched";
      }, 30_000);
      await kill();
      system.edge.signal("SIGCONT");
      await reaches(api, rotation, "drain");
      await kill();
      const { newKey } = await reaches(api, rotation, "done");
      assert.deepEqual(killed.slice(1), ["await-staged", "drain"]);
      const keys = await privateKeys(system.installation);
      assert.deepEqual([...keys.keys()].toSorted(), ["authority-development", newKey!].toSorted());
      assert.equal(system.keyServer.records.filter(({ level }) => level === "error").length, 0);
    },
  );
});

Deno.test("an ACME CA's challenge is answered at the edge with the new key, and the certificate is served", async () => {
  await using parts = new AsyncDisposableStack();
  let pebble: Pebble | undefined;
  await withRotations({
    prepare: async ({ folder, host, ports }) => {
      pebble = parts.use(await Pebble.start({ folder, host, tlsPort: ports.edge }));
    },
    keyServer: ({ host }) => ({
      ...administered,
      acme: {
        directory: `https://${host}:14000/dir`,
        contact: ["mailto:operator@holdfast.test"],
        terms_of_service_agreed: true,
        ca: "pebble-ca.pem",
      },
    }),
  }, async (system, api) => {
    const { newCertificate } = await rotated(api, { issuer: "acme", destroys: true });
    const load = new HandshakeLoad([system.endpoint], [await pebble!.root()], 1);
    await poll("handshakes", () => load.handshakes.length > 3);
    await load.stop();
    const serial = await serialOf(api, newCertificate!);
    assert.deepEqual(
      [...new Set(load.handshakes.map((handshake) => handshake.serial ?? handshake.failure))],
      [serial],
    );
    // Once more, over the same account, from the certificate that says itself who issued it.
    const again = await rotated(api, {});
    assert.notEqual(again.newCertificate, newCertificate);
    const { source, chain } = await api.get<{ source: string; chain: string }>(
      pathOf`/v1/certificates/${again.newCertificate!}`,
    );
    assert.equal(source, "acme");
    const leaf = chain.slice(0, chain.indexOf("-----END")).replace(/-----BEGIN CERTIFICATE-----|\s/g, "");
    assert.deepEqual(parseCertificate(Uint8Array.fromBase64(leaf)).dnsNames, [site]);
  });
});

Deno.test("a key that an edge with a certificate file still uses is not taken away, and the rotation says so", async () => {
  const keyServer = { ...administered, control: { edge_grace_ms: 500 } };
  await withRotations({ certificates: "files", keyServer }, async (system, api) => {
    const load = new HandshakeLoad([system.endpoint], [system.installation.pki.webRoot.certificatePem], 1);
    const request = { name: site, issuer: "development", destroys: true };
    const rotation = await api.post<Rotation>("/v1/rotations", request);
    const { step, problem } = await poll("the problem", async () => {
      const now = await rotationOf(api, rotation);
      return now.problem !== undefined && now;
    });
    assert.equal(step, "drain");
    assert.match(problem!, /www-ecdsa is still used: by an edge that serves its certificate from a file/);
    await load.stop();
    assert.deepEqual(load.handshakes.filter(({ failure }) => failure !== undefined), []);
    await reaches(api, rotation, "done");
    assert.equal((await privateKeys(system.installation)).has("www-ecdsa"), false);
  });
});
