import assert from "node:assert/strict";
import { DevelopmentPki } from "../../certs/dev_pki.ts";
import { Metrics } from "../../shared/metrics.ts";
import { parseExposition, sumOf } from "../../test/harness/exposition.ts";
import { OcspResponder } from "../../test/harness/ocsp_responder.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { decodeCertificate, type LoadedCertificate } from "./chain_loader.ts";
import { StapleError } from "./errors.ts";
import { readStaple, type StapleFile, type StapleState } from "./ocsp_staple.ts";
import { OcspStaples, stapleWarnings } from "./ocsp_staples.ts";
import { siteChain } from "./test_certificates.ts";

const pki = await DevelopmentPki.create();
const chainPem = await siteChain(pki, "ecdsa-p256");
const otherPem = await siteChain(pki, "ecdsa-p256");
const minute = 60_000;
const day = 24 * 60 * minute;

/** A certificate with its staple's file, a responder for it, and a clock. */
class World implements AsyncDisposable {
  readonly certificate: LoadedCertificate = decodeCertificate("www.pem", chainPem);
  readonly source: StapleFile;
  readonly events: string[] = [];
  now = Date.now();
  readonly #metrics = new Metrics();

  private constructor(readonly folder: TemporaryFolder, readonly responder: OcspResponder) {
    this.source = { certificate: this.certificate, file: folder.file("www.ocsp") };
  }

  static async create(): Promise<World> {
    const folder = await TemporaryFolder.create();
    return new World(folder, await OcspResponder.create(folder.path, pki.web));
  }

  /** As a cron job should: whole or not at all. */
  async write(content: Uint8Array): Promise<void> {
    const { file } = this.source;
    await Deno.writeFile(`${file}.new`, content);
    await Deno.rename(`${file}.new`, file);
  }

  open(): OcspStaples {
    const log = { info: (record: { event: string }) => this.events.push(record.event) };
    return new OcspStaples([this.source], {
      log: { ...log, warn: log.info } as never,
      metrics: this.#metrics,
      wallClock: () => this.now,
    });
  }

  async states(): Promise<Partial<Record<StapleState, number>>> {
    const samples = parseExposition(await this.#metrics.exposition());
    const states = ["good", "revoked", "expired", "absent", "unusable"] as const;
    return Object.fromEntries(
      states.map((state) => [state, sumOf(samples, "holdfast_edge_ocsp_staples", { state })] as const)
        .filter(([, count]) => count > 0),
    );
  }

  refusal(now = this.now): StapleError {
    try {
      readStaple(this.source, now);
    } catch (error) {
      assert.ok(error instanceof StapleError, String(error));
      assert.ok(error.message.startsWith(`Cannot staple the OCSP response ${this.source.file}: `));
      return error;
    }
    throw new assert.AssertionError({ message: "the response was taken" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }
}

Deno.test("a good response is stapled, and a new one in its place without a restart", async () => {
  await using world = await World.create();
  const first = await world.responder.answer(chainPem);
  await world.write(first);
  using staples = world.open();
  assert.deepEqual(world.certificate.ocspResponse, first);
  const second = await world.responder.answer(chainPem, { days: 8 });
  await world.write(second);
  staples.tick();
  assert.deepEqual(world.certificate.ocspResponse, second);
  assert.deepEqual(world.events, ["ocsp-staple-taken", "ocsp-staple-taken"]);
  assert.deepEqual(await world.states(), { good: 1 });
  staples.tick();
  assert.equal(world.events.length, 2, "an unchanged file is not read again");
});

Deno.test("a file that is missing at start is a warning, and taken when it comes", async () => {
  await using world = await World.create();
  using staples = world.open();
  assert(!("ocspResponse" in world.certificate));
  assert.deepEqual(world.events, ["ocsp-staple-refused"]);
  assert.deepEqual(await world.states(), { absent: 1 });
  await world.write(await world.responder.answer(chainPem));
  staples.tick();
  assert.ok(world.certificate.ocspResponse);
  assert.deepEqual(await world.states(), { good: 1 });
});

Deno.test("a bad or missing file keeps the old response, is told once, and the old one goes when it is over", async () => {
  await using world = await World.create();
  const good = await world.responder.answer(chainPem, { days: 1 });
  await world.write(good);
  using staples = world.open();
  for (const bad of [good.slice(0, -1), await world.responder.answer(otherPem)]) {
    await world.write(bad);
    staples.tick();
    staples.tick();
    assert.deepEqual(world.certificate.ocspResponse, good);
    assert.deepEqual(await world.states(), { unusable: 1 });
  }
  await Deno.remove(world.source.file);
  staples.tick();
  assert.deepEqual(world.certificate.ocspResponse, good);
  assert.deepEqual(await world.states(), { absent: 1 });
  assert.equal(world.events.filter((event) => event === "ocsp-staple-refused").length, 3);
  world.now += day;
  staples.tick();
  staples.tick();
  assert(!("ocspResponse" in world.certificate));
  assert.equal(world.events.filter((event) => event === "ocsp-staple-expired").length, 1);
  assert.deepEqual(await world.states(), { absent: 1 });
});

Deno.test("a staple is dropped at its nextUpdate, and a renewed one taken up again", async () => {
  await using world = await World.create();
  await world.write(await world.responder.answer(chainPem, { days: 1 }));
  using staples = world.open();
  world.now += day - minute;
  staples.tick();
  assert.ok(world.certificate.ocspResponse);
  world.now += minute;
  staples.tick();
  assert(!("ocspResponse" in world.certificate));
  assert.deepEqual(await world.states(), { expired: 1 });
  await world.write(await world.responder.answer(chainPem, { days: 7 }));
  staples.tick();
  assert.ok(world.certificate.ocspResponse);
  assert.deepEqual(await world.states(), { good: 1 });
});

Deno.test("a response from the future is taken when the clock has come to it", async () => {
  await using world = await World.create();
  await world.write(await world.responder.answer(chainPem));
  world.now -= day; // as after a boot, before the clock is set
  using staples = world.open();
  staples.tick();
  assert(!("ocspResponse" in world.certificate));
  assert.deepEqual(await world.states(), { unusable: 1 });
  world.now += day;
  staples.tick();
  assert.ok(world.certificate.ocspResponse);
  assert.deepEqual(world.events, ["ocsp-staple-refused", "ocsp-staple-taken"]);
});

Deno.test("what the responder says of a revoked certificate is stapled, told and counted as such", async () => {
  await using world = await World.create();
  const revoked = await world.responder.answer(chainPem, { status: "revoked" });
  await world.write(revoked);
  using _staples = world.open();
  assert.deepEqual(world.certificate.ocspResponse, revoked);
  assert.deepEqual(await world.states(), { revoked: 1 });
  assert.match(stapleWarnings([world.source])[0]!, /www\.ocsp says that the certificate is revoked/);
});

Deno.test("responses that no client would take are refused, each with its reason", async () => {
  await using world = await World.create();
  const { responder } = world;
  assert.equal(world.refusal().failure, "absent");
  const cases: [Uint8Array, RegExp][] = [
    [await responder.answer(otherPem), /about another certificate/],
    [await responder.answer(chainPem, { status: "unknown" }), /does not know the certificate/],
    [await responder.answer(chainPem, { days: null }), /no nextUpdate/],
    [Uint8Array.of(0x30, 3, 0x0a, 1, 3), /tryLater/],
    [new TextEncoder().encode("-----BEGIN OCSP RESPONSE-----"), /not a DER OCSPResponse/],
    [new Uint8Array(0), /not a DER OCSPResponse/],
    [new Uint8Array(32 * 1024 + 1), /has 32769 bytes/],
  ];
  for (const [content, words] of cases) {
    await world.write(content);
    const { failure, message } = world.refusal();
    assert.equal(failure, "unusable");
    assert.match(message, words);
    assert.deepEqual(stapleWarnings([world.source]), [message]);
  }
  await world.write(await responder.answer(chainPem, { days: 1 }));
  assert.deepEqual(stapleWarnings([world.source]), []);
  assert.equal(world.refusal(world.now + day + minute).failure, "expired");
  assert.match(world.refusal(world.now - 10 * minute).message, /look at this machine's clock/);
  await Deno.remove(world.source.file);
  await Deno.mkdir(world.source.file);
  assert.match(world.refusal().message, /it is not a file/);
});

Deno.test("however many staples there are, each is looked at within five ticks", async () => {
  await using world = await World.create();
  const sources = Array.from({ length: 13 }, (_, index): StapleFile => ({
    certificate: decodeCertificate("www.pem", chainPem),
    file: world.folder.file(`${index}.ocsp`),
  }));
  const log = { info: () => {}, warn: () => {} } as never;
  using staples = new OcspStaples(sources, { log, metrics: new Metrics() });
  const response = await world.responder.answer(chainPem);
  for (const { file } of sources) await Deno.writeFile(file, response);
  const stapled = () => sources.filter(({ certificate }) => certificate.ocspResponse !== undefined).length;
  staples.tick();
  assert.equal(stapled(), 3);
  for (let count = 0; count < 4; count++) staples.tick();
  assert.equal(stapled(), 13);
});
