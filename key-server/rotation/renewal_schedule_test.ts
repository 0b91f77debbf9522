import assert from "node:assert/strict";
import { Authority } from "../../certs/authority.ts";
import { DevelopmentPki } from "../../certs/dev_pki.ts";
import { generateKeyPair, signatureAlgorithm } from "../../certs/key_pair.ts";
import { createLogger } from "../../shared/log.ts";
import { parseCertificate, pemToDer } from "../../shared/libcrypto/x509.ts";
import { AuthorityKeyIdentifierExtension, X509CertificateGenerator } from "../../shared/pki/x509.ts";
import { poll } from "../../test/harness/poll.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { AcmeIssuer } from "../issuance/acme/acme_issuer.ts";
import { certificateId } from "../issuance/acme/renewal_information.ts";
import { TokenKeys } from "../issuance/token_keys.ts";
import type { CertificateEntity } from "../registry/entities/certificate.ts";
import type { RotationEntity } from "../registry/entities/rotation.ts";
import { SqliteRegistry } from "../registry/sqlite_registry.ts";
import { certificateEntity } from "../registry/certificate_entity.ts";
import { keyEntity, put } from "../registry/testing/entities.ts";
import { RenewalSchedule } from "./renewal_schedule.ts";
import { rotationConfig, rotationSectionSchema } from "./rotation_config.ts";
import type { RotationRequest } from "./rotations.ts";
import { TestClock } from "./testing/test_clock.ts";

const day = 86_400_000;

/** Hours that pass at once. */
const step = 6;
const name = "www.holdfast.test";
const log = createLogger("test", "silent");
const root = await Authority.createRoot("Test Root", {
  notBefore: new Date(Date.now() - day),
  notAfter: new Date(Date.now() + 1000 * day),
});

/** A schedule over a name whose certificate was issued now, for ninety days. */
class ScheduleStage implements AsyncDisposable {
  readonly registry = new SqliteRegistry({ path: undefined, log });
  readonly started: (RotationRequest & { readonly at: number })[] = [];
  readonly #schedule: RenewalSchedule;

  private constructor(
    readonly clock: TestClock,
    readonly certificate: CertificateEntity,
    section: Record<string, unknown>,
    acme: AcmeIssuer | undefined,
    random: () => number,
  ) {
    const { subjectKeyIdentifier } = certificate;
    put(
      this.registry,
      { kind: "key", put: keyEntity("first", { subjectKeyIdentifier }) },
      { kind: "certificate", put: certificate },
      {
        kind: "name",
        put: {
          name,
          serverNames: [name],
          bindings: [{ key: "first", certificate: certificate.id, phase: "active" }],
        },
      },
    );
    this.#schedule = new RenewalSchedule({
      registry: this.registry,
      rotations: {
        start: (request) => {
          this.started.push({ ...request, at: clock.now().getTime() });
          const rotation = rotationEntity(clock);
          put(this.registry, { kind: "rotation", put: rotation });
          return rotation;
        },
      },
      config: rotationConfig("/nowhere.toml", rotationSectionSchema.parse(section)),
      acme,
      clock,
      log,
      random,
    });
  }

  static async create(
    source: CertificateEntity["source"],
    section: Record<string, unknown> = {},
    acme?: (clock: TestClock, certificate: CertificateEntity) => AcmeIssuer,
    random = () => 0.5,
  ): Promise<ScheduleStage> {
    const clock = new TestClock(Math.floor(Date.now() / 1000) * 1000);
    const { publicKeyInfo } = await generateKeyPair();
    const pem = await root.certify(publicKeyInfo, {
      commonName: name,
      dnsNames: [name],
      usages: ["serverAuth"],
      notBefore: clock.now(),
      notAfter: new Date(clock.now().getTime() + 90 * day),
    });
    const certificate = certificateEntity(pemToDer(pem), source);
    return new ScheduleStage(clock, certificate, section, acme?.(clock, certificate), random);
  }

  /** Lets hours pass, and what they begin come to its end. */
  async passHours(hours: number): Promise<void> {
    for (let passed = 0; passed < hours; passed += step) {
      this.clock.pass(step * 3_600_000);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  get beganAfterDays(): number[] {
    return this.started.map(({ at }) => (at - Date.parse(this.certificate.notBefore)) / day);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#schedule[Symbol.asyncDispose]();
    this.registry[Symbol.dispose]();
  }
}

function rotationEntity(clock: TestClock): RotationEntity {
  const at = clock.now().toISOString();
  return {
    id: "0123456789abcdef",
    name,
    algorithm: "ecdsa-p256",
    issuer: "development",
    step: "generate-key",
    ending: "done",
    replaces: [],
    drainTime: 0,
    destroys: "none",
    startedAt: at,
    startedBy: "test",
    stepSince: at,
  };
}

Deno.test("a certificate is renewed when a third of its life is left, once, with the key that it is for", async () => {
  await using stage = await ScheduleStage.create("development");
  await stage.passHours(59 * 24);
  assert.equal(stage.started.length, 0);
  await stage.passHours(5 * 24);
  assert.equal(stage.started.length, 1);
  assert.deepEqual(stage.started[0]?.replaces, ["first"]);
  const [after] = stage.beganAfterDays;
  assert(after! >= 60 && after! < 60.3, `${after} days`);
});

Deno.test("the part that is left, the issuer and the algorithm are the configuration's, for all names or for one", async () => {
  await using stage = await ScheduleStage.create("imported", {
    renew_at: 0.5,
    name: [{ name, renew_at: 0.1, issuer: "csr", algorithm: "rsa-2048" }],
  });
  await stage.passHours(82 * 24);
  const [request] = stage.started;
  assert.equal(request?.issuer, "csr");
  assert.equal(request?.algorithm, "rsa-2048");
  assert(stage.beganAfterDays[0]! >= 81 && stage.beganAfterDays[0]! < 81.3);
});

Deno.test("nothing is begun for a certificate of unknown origin, nor where the schedule is off", async () => {
  await using unknown = await ScheduleStage.create("imported");
  await using off = await ScheduleStage.create("development", { automatic: false });
  await using offForOne = await ScheduleStage.create("development", { name: [{ name, automatic: false }] });
  for (const stage of [unknown, off, offForOne]) {
    await stage.passHours(80 * 24);
    assert.equal(stage.started.length, 0);
  }
});

Deno.test("a rotation that an operator has aborted is not begun again at once", async () => {
  await using stage = await ScheduleStage.create("development");
  await stage.passHours(61 * 24);
  assert.equal(stage.started.length, 1);
  const stepSince = stage.clock.now().toISOString();
  const rotation = stage.registry.state.get("rotation", "0123456789abcdef")!;
  put(stage.registry, {
    kind: "rotation",
    put: { ...rotation, step: "aborted", ending: "aborted", stepSince },
  });
  await stage.passHours(18);
  assert.equal(stage.started.length, 1);
  await stage.passHours(12);
  assert.equal(stage.started.length, 2);
});

/** A CA that has nothing but its directory and renewal information, over HTTPS. */
class RenewalInformationServer implements AsyncDisposable {
  answer: () => Response = () => new Response("away", { status: 503 });
  readonly asked: string[] = [];
  offers = true;

  private constructor(
    readonly url: string,
    readonly ca: string,
    readonly server: Deno.HttpServer,
    readonly folder: TemporaryFolder,
  ) {}

  static async start(): Promise<RenewalInformationServer> {
    const folder = await TemporaryFolder.create();
    const pki = await DevelopmentPki.create();
    const identity = await pki.keyServerIdentity("localhost", { ipAddresses: ["127.0.0.1"] });
    const ca = folder.file("ca.pem");
    await Deno.writeTextFile(ca, pki.keyServers.certificatePem);
    let self: RenewalInformationServer | undefined;
    const server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      cert: identity.certificatePem,
      key: identity.privateKeyPem,
      onListen: () => {},
    }, (request) => self!.#handle(new URL(request.url).pathname));
    const { port } = server.addr as Deno.NetAddr;
    return self = new RenewalInformationServer(`https://127.0.0.1:${port}`, ca, server, folder);
  }

  issuer(clock: TestClock): AcmeIssuer {
    const config = {
      configFile: "/nowhere.toml",
      directory: `${this.url}/dir`,
      contact: [],
      ca: this.ca,
      externalAccount: undefined,
      token: undefined,
    };
    return new AcmeIssuer(config, new TokenKeys(() => []), clock);
  }

  #handle(path: string): Response {
    if (path === "/dir") return Response.json(this.offers ? { renewalInfo: `${this.url}/ari` } : {});
    this.asked.push(path);
    return this.answer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown();
    await this.folder[Symbol.asyncDispose]();
  }
}

const windowOf = (start: number, end: number, headers: HeadersInit = {}) => () =>
  Response.json({
    suggestedWindow: { start: new Date(start).toISOString(), end: new Date(end).toISOString() },
  }, { headers });

Deno.test("a certificate has its name in renewal information as RFC 9773 has it", async () => {
  // The example of Section 4.1.
  const { privateKey, publicKeyInfo } = await generateKeyPair();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: "0087654321",
    subject: "CN=x",
    issuer: "CN=y",
    publicKey: publicKeyInfo,
    signingKey: privateKey,
    signingAlgorithm: signatureAlgorithm,
    extensions: [new AuthorityKeyIdentifierExtension("69885b6b87464041e1b37b847ba0ae2cde01c8d4")],
  });
  assert.equal(certificateId(new Uint8Array(certificate.rawData)), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
});

Deno.test("a CA's window is followed, an instant drawn from it; a window that moves is drawn from anew", async () => {
  await using server = await RenewalInformationServer.start();
  await using stage = await ScheduleStage.create("acme", {}, (clock) => server.issuer(clock));
  const begin = stage.clock.now().getTime();
  server.answer = windowOf(begin + 50 * day, begin + 52 * day, { "retry-after": "21600" });
  await untilAsked(stage, server, 1);
  const leaf = Uint8Array.fromBase64(stage.certificate.chain[0]!);
  assert.equal(server.asked[0], `/ari/${certificateId(leaf)}`);
  assert.equal(parseCertificate(leaf).serialNumber.length > 8, true);
  server.answer = windowOf(begin + 10 * day, begin + 12 * day, { "retry-after": "1" });
  await untilBegun(stage, 20);
  const [after] = stage.beganAfterDays;
  assert(after! >= 11 && after! < 11.5, `${after} days: the middle of the window, as was drawn`);
});

Deno.test("without an answer the last window counts, and without any the certificate's life", async () => {
  await using server = await RenewalInformationServer.start();
  await using stage = await ScheduleStage.create("acme", {}, (clock) => server.issuer(clock));
  const begin = stage.clock.now().getTime();
  server.answer = windowOf(begin + 20 * day, begin + 22 * day);
  await untilAsked(stage, server, 1);
  server.answer = () => new Response("away", { status: 503 });
  await untilBegun(stage, 30);
  assert(stage.beganAfterDays[0]! >= 21 && stage.beganAfterDays[0]! < 21.5, `${stage.beganAfterDays}`);

  for (
    const answer of [
      () => Response.json({ suggestedWindow: { start: "soon", end: "later" } }),
      () => Response.json({}),
      windowOf(begin + 2 * day, begin + day),
    ]
  ) {
    server.answer = answer;
    await using silent = await ScheduleStage.create("acme", {}, (clock) => server.issuer(clock));
    await untilBegun(silent, 70);
    assert(silent.beganAfterDays[0]! >= 60 && silent.beganAfterDays[0]! < 60.5, `${silent.beganAfterDays}`);
  }
});

/** Hours go by while the schedule really asks. */
async function untilAsked(
  stage: ScheduleStage,
  server: RenewalInformationServer,
  times: number,
): Promise<void> {
  stage.clock.pass(1);
  await poll("a question", () => server.asked.length >= times);
  await new Promise((resolve) => setTimeout(resolve, 20));
}

async function untilBegun(stage: ScheduleStage, days: number): Promise<void> {
  for (let passed = 0; passed < days * 24 && stage.started.length === 0; passed += step) {
    stage.clock.pass(step * 3_600_000);
    await new Promise((resolve) => setTimeout(resolve, 8));
  }
  assert.equal(stage.started.length, 1);
}
