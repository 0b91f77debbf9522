/** For enrolment_test.ts: edges that enrol, and that should not, with an authority in a real token. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { createLogger } from "../../../shared/log.ts";
import { derToPem, parseCertificate } from "../../../shared/libcrypto/x509.ts";
import { Pkcs10CertificateRequestGenerator } from "../../../shared/pki/x509.ts";
import { runCommand } from "../../../test/harness/command.ts";
import type { AuditEvent } from "../../audit/audit_log.ts";
import { createAuthority } from "../../issuance/create_authority.ts";
import { TokenKeys } from "../../issuance/token_keys.ts";
import { SqliteRegistry } from "../../registry/sqlite_registry.ts";
import { runScenario, type ScenarioContext } from "../../token/testing/token_process.ts";
import { EdgeCertifier } from "../edge_certifier.ts";
import { EnrolmentService } from "../enrolment_service.ts";

const edge = "spiffe://holdfast.test/edge/pop7";
const hour = 3_600_000;
const author = "test";

async function certificateRequest(algorithm: "P-256" | "P-521" = "P-256"): Promise<Uint8Array> {
  const parameters = { name: "ECDSA", namedCurve: algorithm, hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(parameters, true, ["sign", "verify"]);
  const { rawData } = await Pkcs10CertificateRequestGenerator.create({
    name: "CN=anybody",
    keys,
    signingAlgorithm: parameters,
  });
  return new Uint8Array(rawData);
}

/** A key server's enrolment, with a clock of its own. */
class Stage implements Disposable {
  now = new Date("2026-11-21T12:00:00.000Z");
  readonly events: AuditEvent[] = [];
  readonly registry = new SqliteRegistry({ path: undefined, log: createLogger("test", "silent") });
  readonly tokenKeys: TokenKeys;
  readonly clock = { now: () => this.now, after: () => ({ [Symbol.dispose]: () => {} }) };
  readonly service: EnrolmentService;

  constructor({ token }: ScenarioContext) {
    this.tokenKeys = new TokenKeys(() => [token]);
    const { registry, tokenKeys, clock } = this;
    const certifier = new EdgeCertifier({
      registry,
      tokenKeys,
      clock,
      authority: "edges",
      certificateLifetime: 24 * hour,
    });
    const audit = {
      record: (event: AuditEvent) => void this.events.push(event),
      flush() {},
      failure: undefined,
    };
    this.service = new EnrolmentService({ registry, certifier, audit, clock });
  }

  async createAuthority(): Promise<void> {
    await createAuthority({ name: "edges", purpose: "edges" }, author, this);
  }

  /** A token in the registry; returns what the edge is given of it. */
  token(id = "0123456789abcdef"): { tokenId: Uint8Array; tokenSecret: Uint8Array } {
    const secret = crypto.getRandomValues(new Uint8Array(32));
    this.registry.commit([{
      kind: "enrolment-token",
      put: {
        id,
        digest: createHash("sha256").update(secret).digest("hex"),
        edge,
        groups: ["europe"],
        createdAt: this.now.toISOString(),
        expiresAt: new Date(this.now.getTime() + hour).toISOString(),
      },
    }], { author, reason: "test" });
    return { tokenId: Uint8Array.fromHex(id), tokenSecret: secret };
  }

  [Symbol.dispose](): void {
    this.registry[Symbol.dispose]();
  }
}

const refusedAs = (code: string) => (error: unknown) => (error as { code?: string }).code === code;

async function enrols(context: ScenarioContext): Promise<void> {
  using stage = new Stage(context);
  await stage.createAuthority();
  const enrolled = await stage.service.enrol({
    ...stage.token(),
    certificateRequest: await certificateRequest(),
  });
  assert.equal(enrolled.edge, edge);
  const leaf = parseCertificate(enrolled.chain[0]!);
  assert.deepEqual([leaf.uris, leaf.dnsNames, leaf.subject], [[edge], [], ""]);
  assert.equal(leaf.notAfter.getTime(), stage.now.getTime() + 24 * hour);
  const entity = stage.registry.state.get("edge", edge);
  assert.deepEqual([entity?.state, entity?.groups], ["admitted", ["europe"]]);
  assert.deepEqual(
    stage.events.map((event) => event.kind === "enrolment" && [event.edge, event.result, event.serialNumber]),
    [[edge, "enrolled", leaf.serialNumber]],
  );
  await verifiedByOpenssl(context.folder, stage, enrolled.chain[0]!);
  const [renewed] = await stage.service.renew(edge, await certificateRequest());
  assert.deepEqual(parseCertificate(renewed!).uris, [edge]);
}

async function verifiedByOpenssl(folder: string, { registry, now }: Stage, leaf: Uint8Array): Promise<void> {
  const [ca] = registry.state.get("authority", "edges")!.chain;
  await Deno.writeTextFile(join(folder, "ca.pem"), derToPem(Uint8Array.fromBase64(ca!)));
  await Deno.writeTextFile(join(folder, "leaf.pem"), derToPem(leaf));
  const at = String(Math.floor(now.getTime() / 1000));
  const args = ["verify", "-attime", at, "-purpose", "sslclient", "-CAfile", join(folder, "ca.pem")];
  const { code, stderr } = await runCommand("openssl", [...args, join(folder, "leaf.pem")]);
  assert.equal(code, 0, stderr);
}

async function refusals(context: ScenarioContext): Promise<void> {
  using stage = new Stage(context);
  const { service } = stage;
  const token = stage.token();
  const request = await certificateRequest();
  await assert.rejects(service.enrol({ ...token, certificateRequest: request }), refusedAs("not-available"));
  await stage.createAuthority();
  const wrong = { ...token, tokenSecret: token.tokenSecret.with(0, token.tokenSecret[0]! ^ 1) };
  await assert.rejects(
    service.enrol({ ...wrong, certificateRequest: request }),
    /not one of this key server/,
  );
  const unknown = { ...token, tokenId: new Uint8Array(8) };
  await assert.rejects(
    service.enrol({ ...unknown, certificateRequest: request }),
    /not one of this key server/,
  );
  const broken = request.with(request.length - 1, request.at(-1)! ^ 1);
  for (
    const bad of [broken, request.subarray(0, 50), new Uint8Array(100), await certificateRequest("P-521")]
  ) {
    await assert.rejects(
      service.enrol({ ...token, certificateRequest: bad }),
      refusedAs("invalid-request"),
    );
  }
  stage.now = new Date(stage.now.getTime() + hour);
  await assert.rejects(service.enrol({ ...token, certificateRequest: request }), /has expired/);
  assert.equal(stage.registry.state.list("edge").length, 0);
  assert(stage.events.every((event) => event.kind === "enrolment" && event.result !== "enrolled"));
}

async function spentOnce(context: ScenarioContext): Promise<void> {
  using stage = new Stage(context);
  await stage.createAuthority();
  const token = stage.token();
  const asked = await Promise.allSettled(
    Array.from(
      { length: 8 },
      async () => await stage.service.enrol({ ...token, certificateRequest: await certificateRequest() }),
    ),
  );
  assert.equal(asked.filter(({ status }) => status === "fulfilled").length, 1);
  await assert.rejects(
    stage.service.enrol({ ...token, certificateRequest: await certificateRequest() }),
    /has been used/,
  );
}

async function revoked(context: ScenarioContext): Promise<void> {
  using stage = new Stage(context);
  await stage.createAuthority();
  const token = stage.token();
  const put = { identity: edge, groups: [], state: "revoked" as const, stateSince: stage.now.toISOString() };
  stage.registry.commit([{ kind: "edge", put }], { author, reason: "test" });
  const request = await certificateRequest();
  await assert.rejects(
    stage.service.enrol({ ...token, certificateRequest: request }),
    refusedAs("edge-revoked"),
  );
  await assert.rejects(stage.service.renew(edge, request), refusedAs("edge-revoked"));
}

await runScenario({ enrols, refusals, spentOnce, revoked });
