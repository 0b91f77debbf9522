/** For rotation_test.ts: rotations with a real token and a registry in a file. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Authority } from "../../../certs/authority.ts";
import { runCommand } from "../../../test/harness/command.ts";
import { poll } from "../../../test/harness/poll.ts";
import { Pkcs10CertificateRequest } from "../../../shared/pki/x509.ts";
import { IssuanceError } from "../../issuance/errors.ts";
import type { RotationStep } from "../../registry/entities/rotation.ts";
import { runScenario, type ScenarioContext } from "../../token/testing/token_process.ts";
import { RotationError } from "../rotations.ts";
import { RotationStage, siteName } from "./rotation_stage.ts";

const drain = 61_000;
const author = "uid:0";

/** The steps that the history tells of, each once. */
function stepsOf(stage: RotationStage, id: string): RotationStep[] {
  const steps = stage.registry.history(0, 1000).flatMap(({ changes }) =>
    changes.flatMap((change) =>
      change.kind === "rotation" && "put" in change && change.put.id === id ? [change.put.step] : []
    )
  );
  return steps.filter((step, index) => step !== steps[index - 1]);
}

async function whole(context: ScenarioContext): Promise<void> {
  await using stage = await RotationStage.create(context);
  const first = stage.rotations.start({ name: siteName, algorithm: "rsa-2048" }, author);
  const { newKey } = await stage.reaches("done", drain);
  assert.deepEqual(stepsOf(stage, first.id), [
    "generate-key",
    "request-certificate",
    "stage",
    "await-staged",
    "switch",
    "await-switched",
    "drain",
    "retire-key",
    "destroy-key",
    "done",
  ]);
  assert.deepEqual(stage.phases, { [newKey!]: "active" });
  assert.deepEqual(await stage.inToken("first"), [0, 0]);
  assert.deepEqual(await stage.inToken(newKey!), [1, 1]);
  assert.equal(stage.registry.state.get("key", "first")?.state, "destroyed");
  assert.equal(stage.registry.state.get("key", newKey!)?.algorithm, "rsa-2048");

  stage.clock.pass(1000);
  const second = stage.rotations.start({ name: siteName, algorithm: "ecdsa-p256" }, author);
  await stage.reaches("done", drain);
  assert.equal(stage.rotation.id, second.id);
  assert.deepEqual(await stage.inToken(newKey!), [0, 0]);
  assert.deepEqual(stage.phases, { [stage.rotation.newKey!]: "active" });
}

async function waits(context: ScenarioContext): Promise<void> {
  const edges = ["spiffe://holdfast.test/edge/pop1", "spiffe://holdfast.test/edge/pop2"];
  await using stage = await RotationStage.create(context, { edges, prompt: false });
  stage.rollout.acknowledge();
  stage.rotations.start({ name: siteName }, author);
  const { newKey } = await stage.reaches("await-staged");
  assert.deepEqual(stage.phases, { first: "active", [newKey!]: "staged" });
  stage.rollout.acknowledge(edges[0]);
  await settle();
  assert.equal(stage.rotation.step, "await-staged", "one edge is not all");
  stage.rollout.acknowledge(edges[1]);
  await stage.reaches("await-switched");
  assert.deepEqual(stage.phases, { [newKey!]: "active", first: "draining" });
  assert.equal(stage.registry.state.get("key", "first")?.state, "active", "handshakes that have begun go on");
  stage.rollout.acknowledge(edges[0]);
  stage.clock.pass(10 * drain);
  await settle();
  assert.equal(stage.rotation.step, "await-switched", "no time passes for those that have not switched");
  stage.rollout.lose(edges[1]!);
  await stage.reaches("drain");
  stage.clock.pass(59_000);
  const { subjectKeyIdentifier } = stage.registry.state.get("key", "first")!;
  stage.uses.set(subjectKeyIdentifier, stage.clock.now());
  stage.clock.pass(2000);
  await settle();
  assert.equal(stage.rotation.step, "drain", "somebody still needs it");
  assert.equal(stage.rotation.problem, undefined);
  stage.uses.set(subjectKeyIdentifier, stage.clock.now());
  stage.clock.pass(59_500);
  stage.uses.set(subjectKeyIdentifier, stage.clock.now());
  stage.clock.pass(1000);
  await poll("the problem", () => stage.rotation.problem);
  assert.match(
    stage.rotation.problem!,
    /^first is still used: by an edge that serves its certificate from a file/,
  );
  stage.clock.pass(58_000);
  await stage.reaches("done", 1000);
  assert.equal(stage.rotation.problem, undefined);
  assert.deepEqual(await stage.inToken("first"), [0, 0]);
}

/** Turns of the event loop in which something could happen that must not. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Killed before each of its transactions in turn: whatever was done, it comes to the same end. */
async function killed(context: ScenarioContext): Promise<void> {
  for (let lives = 0;; lives++) {
    await using stage = await RotationStage.create(context);
    const { id } = stage.rotations.start({ name: siteName, algorithm: "ecdsa-p384" }, author);
    stage.lives = lives;
    const outlived = await poll("its end or its death", () => {
      stage.clock.pass(drain);
      return stage.rotation.step === "done" ? "done" : stage.lives < 0 ? "killed" : undefined;
    });
    const at = stage.rotation.step;
    stage.lives = Infinity;
    await stage.restart();
    const { newKey } = await stage.reaches("done", drain);
    const keys = stage.registry.state.list("key").map(({ name }) => name);
    assert.deepEqual(keys.toSorted(), ["first", newKey!].toSorted(), `killed at ${at}`);
    assert.deepEqual(await stage.inToken(newKey!), [1, 1], `killed at ${at}`);
    assert.deepEqual(await stage.inToken("first"), [0, 0], `killed at ${at}`);
    assert.deepEqual(stage.phases, { [newKey!]: "active" });
    assert.equal(stage.rotation.id, id);
    if (outlived === "done") break;
  }
}

async function aborted(context: ScenarioContext): Promise<void> {
  for (const step of ["generate-key", "await-certificate", "await-staged"] as const) {
    await using stage = await RotationStage.create(context, { prompt: false });
    stage.rollout.acknowledge();
    const issuer = step === "await-certificate" ? "csr" : "development";
    const { id } = stage.rotations.start({ name: siteName, issuer }, author);
    await stage.reaches(step);
    stage.rotations.abort(id, author);
    const { newKey } = await stage.reaches("aborted");
    assert.deepEqual(stage.phases, { first: "active" });
    assert.deepEqual(await stage.inToken("first"), [1, 1]);
    if (newKey !== undefined) assert.deepEqual(await stage.inToken(newKey), [0, 0], step);
    assert.throws(() => stage.rotations.abort(id, author), RotationError);
    assert.throws(() => stage.rotations.rollback(id, author), RotationError);
  }
}

async function rolledBack(context: ScenarioContext): Promise<void> {
  for (const step of ["await-switched", "drain", "destroy-key"] as const) {
    await using stage = await RotationStage.create(context, { prompt: step !== "await-switched" });
    stage.rollout.acknowledge();
    const { id } = stage.rotations.start({ name: siteName, algorithm: "rsa-2048" }, author);
    if (step === "await-switched") {
      await stage.reaches("await-staged");
      stage.rollout.acknowledge();
    }
    if (step === "destroy-key") {
      // The token fails before anything is destroyed: the key is retired.
      stage.lives = 8;
      await poll("its death", () => {
        stage.clock.pass(drain);
        return stage.lives < 0;
      });
      assert.equal(stage.registry.state.get("key", "first")?.state, "retired");
      assert.deepEqual(Object.keys(stage.phases), [stage.rotation.newKey!]);
      stage.lives = Infinity;
      stage.rotations.rollback(id, author);
    } else {
      await stage.reaches(step);
      stage.rotations.rollback(id, author);
    }
    stage.rollout.prompt = true;
    stage.rollout.acknowledge();
    const { newKey } = await stage.reaches("rolled-back", drain);
    assert.deepEqual(stage.phases, { first: "active" }, step);
    assert.deepEqual(await stage.inToken("first"), [1, 1], step);
    assert.deepEqual(await stage.inToken(newKey!), [0, 0], step);
    assert.throws(() => stage.rotations.rollback(id, author), /stands at rolled-back/);
  }
}

async function external(context: ScenarioContext): Promise<void> {
  const serverNames = [siteName, "*.pop.holdfast.test"];
  await using stage = await RotationStage.create(context, { serverNames });
  const { id } = stage.rotations.start({ name: siteName, issuer: "csr" }, author);
  await stage.reaches("await-certificate");
  const request = await stage.rotations.certificateRequest(id);
  const file = join(context.folder, "request.pem");
  await Deno.writeTextFile(file, request);
  const { code, stderr } = await runCommand("openssl", ["req", "-verify", "-noout", "-in", file]);
  assert.equal(code, 0, stderr);
  await stage.restart();
  const { publicKey } = new Pkcs10CertificateRequest(request);
  const authority = await (await Authority.createRoot("External")).createIntermediate("External Issuer");
  const certify = (dnsNames: readonly string[]) =>
    authority.certify(new Uint8Array(publicKey.rawData), {
      commonName: siteName,
      dnsNames,
      usages: ["serverAuth"],
    });
  const tooFew = await certify([siteName]);
  assert.throws(() => stage.rotations.installCertificate(id, tooFew, author), (error) => {
    assert(error instanceof IssuanceError);
    assert.match(error.message, /does not cover \*\.pop\.holdfast\.test/);
    return true;
  });
  assert.equal(stage.rotation.step, "await-certificate");
  stage.rotations.installCertificate(id, await certify(serverNames), author);
  const { newKey, newCertificate } = await stage.reaches("done", drain);
  assert.deepEqual(stage.phases, { [newKey!]: "active" });
  const certificate = stage.registry.state.get("certificate", newCertificate!);
  assert.equal(certificate?.source, "external");
  assert.equal(certificate?.chain.length, 2);
  assert.throws(
    () => stage.rotations.installCertificate(id, tooFew, author),
    /does not wait for an external CA/,
  );
}

async function problems(context: ScenarioContext): Promise<void> {
  await using stage = await RotationStage.create(context);
  const { addon: calls } = context.token.module;
  const real = calls.C_GenerateKeyPairAsync;
  let attempts = 0;
  calls.C_GenerateKeyPairAsync = () => {
    attempts++;
    return Promise.reject(new Error("CKR_DEVICE_MEMORY:49"));
  };
  stage.rotations.start({ name: siteName }, author);
  await poll("the problem", () => stage.rotation.problem);
  assert.match(stage.rotation.problem!, /CKR_DEVICE_MEMORY: the token is full/);
  const { version } = stage.registry.state;
  await settle();
  assert.equal(attempts, 1, "it is not tried again at once");
  stage.clock.pass(1000);
  await poll("the second attempt", () => attempts === 2);
  stage.clock.pass(1000);
  await settle();
  assert.equal(attempts, 2, "the second time it waits longer");
  assert.equal(stage.registry.state.version, version, "the same problem is written down once");
  calls.C_GenerateKeyPairAsync = real;
  stage.clock.pass(1000);
  await stage.reaches("done", drain);
  assert.equal(stage.rotation.problem, undefined);
}

async function refusals(context: ScenarioContext): Promise<void> {
  await using stage = await RotationStage.create(context, {
    serverNames: ["*.holdfast.test"],
    prompt: false,
  });
  const refused = (request: Parameters<typeof stage.rotations.start>[0], reason: RegExp) =>
    assert.throws(() => stage.rotations.start(request, author), (error) => {
      assert(error instanceof RotationError, String(error));
      assert.match(error.message, reason);
      return true;
    });
  refused({ name: "nobody" }, /no name nobody/);
  refused({ name: siteName, issuer: "acme" }, /no \[acme\] is configured/);
  refused({ name: siteName, replaces: ["other"] }, /does not serve with the key other/);
  const { id } = stage.rotations.start({ name: siteName, drainTime: 5, destroys: false }, author);
  refused({ name: siteName }, new RegExp(`under way, ${id}`));
  assert.throws(() => stage.rotations.rollback(id, author), /between the switch and its end/);
  await assert.rejects(stage.rotations.certificateRequest(id), /does not wait for an external CA/);
  stage.rollout.prompt = true;
  stage.rollout.acknowledge();
  await stage.reaches("done", 100);
  assert.equal(stage.registry.state.get("key", "first")?.state, "retired");
  assert.deepEqual(await stage.inToken("first"), [1, 1], "it was not to be destroyed");
}

await runScenario({ whole, waits, killed, aborted, "rolled-back": rolledBack, external, problems, refusals });
