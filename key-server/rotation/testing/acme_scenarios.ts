/** For acme_test.ts: rotations whose certificates come from a real ACME CA, answered by a TLS server on the token's key. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DevelopmentPki } from "../../../certs/dev_pki.ts";
import { writeSecret } from "../../../certs/write.ts";
import { parseCertificate, pemToDer } from "../../../shared/libcrypto/x509.ts";
import { ownLoopbackAddress } from "../../../test/harness/loopback.ts";
import { externalKey, Pebble } from "../../../test/harness/pebble.ts";
import { poll } from "../../../test/harness/poll.ts";
import { ChildProcess } from "../../../test/harness/processes/child_process.ts";
import type { AcmeConfig } from "../../issuance/acme/acme_config.ts";
import { AcmeIssuer } from "../../issuance/acme/acme_issuer.ts";
import { certificateId } from "../../issuance/acme/renewal_information.ts";
import { checkChain } from "../../issuance/check_chain.ts";
import { TokenKeys } from "../../issuance/token_keys.ts";
import { listPrivateKeys } from "../../token/key_finder.ts";
import { runScenario, type ScenarioContext } from "../../token/testing/token_process.ts";
import { systemClock } from "../clock.ts";
import { RotationStage, siteName, type StageOptions } from "./rotation_stage.ts";

const drain = 61_000;
const author = "uid:0";
const tlsPort = 8443;

function configOf(pebble: Pebble, changes: Partial<AcmeConfig> = {}): AcmeConfig {
  return {
    configFile: "/nowhere.toml",
    directory: pebble.url,
    contact: ["mailto:operator@holdfast.test"],
    ca: pebble.caFile,
    externalAccount: undefined,
    token: undefined,
    ...changes,
  };
}

const withAcme = (config: AcmeConfig): StageOptions => ({
  prompt: false,
  acme: (keys, clock) => new AcmeIssuer(config, keys, clock),
});

/** openssl's server with the certificate that edges are told to show, on the key in the token. */
async function serveChallenge(stage: RotationStage, host: string): Promise<ChildProcess> {
  const { folder, tokenUri, pinFile } = stage.context;
  const challenge = await poll("a challenge", () => stage.registry.state.list("challenge")[0]);
  assert.equal(challenge.serverName, siteName);
  const key = stage.registry.state.get("key", challenge.key)!;
  const certificate = join(folder, "challenge.pem");
  await Deno.writeTextFile(
    certificate,
    `-----BEGIN CERTIFICATE-----\n${challenge.certificate}\n-----END CERTIFICATE-----\n`,
  );
  // The engine takes the file as it is, the end of its line too.
  const barePin = join(folder, "bare.pin");
  await writeSecret(barePin, (await Deno.readTextFile(pinFile)).trim());
  const keyUri = `${key.uri}?pin-source=file:${barePin}`;
  const server = new ChildProcess({
    name: "s_server",
    command: "openssl",
    args: ["s_server", "-engine", "pkcs11", "-keyform", "engine", "-key", keyUri, "-cert", certificate]
      .concat("-accept", `${host}:${tlsPort}`, "-alpn", "acme-tls/1", "-www"),
    env: { PKCS11_MODULE_PATH: /module-path=(.*)$/.exec(tokenUri)![1]! },
  });
  await poll("a server for the challenge", async () => {
    assert(server.end === undefined, server.lines.join("\n"));
    using _ = await Deno.connect({ hostname: host, port: tlsPort });
    return true;
  });
  return server;
}

async function issues(context: ScenarioContext): Promise<void> {
  const host = ownLoopbackAddress();
  await using pebble = await Pebble.start({ folder: context.folder, host, tlsPort });
  await using stage = await RotationStage.create(context, withAcme(configOf(pebble)));
  stage.rollout.acknowledge();
  stage.rotations.start({ name: siteName, issuer: "acme" }, author);
  await using _ = await serveChallenge(stage, host);
  assert.equal(stage.rotation.step, "await-certificate");
  assert(stage.rotation.orderUrl?.startsWith(`https://${host}:14000/`));
  // Killed now, it goes on with the same order.
  const { orderUrl } = stage.rotation;
  await stage.restart();
  stage.rollout.prompt = true;
  stage.rollout.acknowledge();
  const { newKey, newCertificate, problem } = await stage.reaches("done", drain);
  assert.equal(stage.rotation.orderUrl, orderUrl, problem);
  const certificate = stage.registry.state.get("certificate", newCertificate!)!;
  assert.equal(certificate.source, "acme");
  assert.deepEqual(certificate.serverNames, [siteName]);
  assert.deepEqual(stage.registry.state.list("challenge"), []);
  const chain = certificate.chain.map((der) =>
    `-----BEGIN CERTIFICATE-----\n${der}\n-----END CERTIFICATE-----\n`
  );
  checkChain(chain.join(""), {
    subjectKeyIdentifier: stage.registry.state.get("key", newKey!)!.subjectKeyIdentifier,
    serverNames: [siteName],
    decrypts: false,
    at: new Date(),
    source: "acme",
    roots: pemToDer(await pebble.root()),
  });
  assert.equal(parseCertificate(Uint8Array.fromBase64(certificate.chain[0]!)).dnsNames[0], siteName);
  // The account's key is in the token, once.
  const { token } = context;
  const all = await listPrivateKeys(token.calls, token.session, {});
  assert.equal(all.length, 3, "the new key, the account's, and the development CA's");
}

async function binds(context: ScenarioContext): Promise<void> {
  const host = ownLoopbackAddress();
  await using pebble = await Pebble.start({ folder: context.folder, host, tlsPort, externalAccounts: true });
  const keys = { keyId: externalKey.id, hmacKey: `file:${join(context.folder, "eab.key")}` };
  await writeSecret(join(context.folder, "eab.key"), `${externalKey.hmac}\n`);
  const without = await RotationStage.create(context, withAcme(configOf(pebble)));
  without.rotations.start({ name: siteName, issuer: "acme" }, author);
  await poll("a refusal", () => without.rotation.problem);
  assert.match(without.rotation.problem!, /refuses \(.*externalAccountBinding/);
  await without[Symbol.asyncDispose]();
  await using stage = await RotationStage.create(
    context,
    withAcme(configOf(pebble, { externalAccount: keys })),
  );
  stage.rotations.start({ name: siteName, issuer: "acme" }, author);
  await poll("an order", () => stage.rotation.orderUrl);
}

async function recovers(context: ScenarioContext): Promise<void> {
  const host = ownLoopbackAddress();
  const options = { folder: context.folder, host, tlsPort };
  await using first = await Pebble.start(options);
  await using stage = await RotationStage.create(context, withAcme(configOf(first)));
  // Nobody answers the challenge: the CA refuses, and says why.
  stage.rollout.prompt = true;
  stage.rotations.start({ name: siteName, issuer: "acme" }, author);
  const refusal = await poll("a refusal", () => stage.rotation.problem, 30_000);
  assert.match(refusal, /the CA refuses www\.holdfast\.test: .*onnect/);
  const refused = stage.rotation.orderUrl;
  await first[Symbol.asyncDispose]();
  await poll("a CA that is away", () => {
    stage.clock.pass(drain);
    return stage.rotation.problem?.includes("cannot be reached");
  }, 30_000).catch((error) => {
    throw new Error(stage.rotation.problem, { cause: error });
  });
  await using _ = await serveChallenge(stage, host);
  await using __ = await Pebble.start(options);
  // It knows neither the account nor the order of before; and the next challenge has another certificate.
  stage.rollout.prompt = false;
  await poll("another order", () => {
    stage.clock.pass(drain);
    return stage.rotation.problem === undefined && stage.rotation.orderUrl !== refused;
  }, 30_000);
  stage.rotations.abort(stage.rotation.id, author);
  await stage.reaches("aborted", drain);
  assert.deepEqual(stage.registry.state.list("challenge"), []);
  assert.deepEqual(stage.phases, { first: "active" });
}

/** A CA with renewal information, as pebble has none, that takes orders and nothing else. */
async function replaces({ token, folder }: ScenarioContext): Promise<void> {
  const pki = await DevelopmentPki.create();
  const { certificatePem: cert, privateKeyPem: key } = await pki.keyServerIdentity("ca", {
    ipAddresses: ["127.0.0.1"],
  });
  const ca = join(folder, "ca.pem");
  await Deno.writeTextFile(ca, pki.keyServers.certificatePem);
  const orders: { readonly replaces?: string }[] = [];
  const handle = async (request: Request): Promise<Response> => {
    const { origin, pathname } = new URL(request.url);
    const headers = { "replay-nonce": "bm9uY2U", "location": `${origin}/account` };
    const { payload = "" } = request.method === "POST" ? await request.json() as { payload?: string } : {};
    if (pathname !== "/order") {
      return Response.json({
        newNonce: `${origin}/nonce`,
        newAccount: `${origin}/account`,
        newOrder: `${origin}/order`,
        renewalInfo: `${origin}/ari`,
      }, { headers, status: pathname === "/account" ? 201 : 200 });
    }
    const order = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    orders.push(order);
    return order.replaces === undefined
      ? Response.json({ status: "pending" }, {
        status: 201,
        headers: { ...headers, location: `${origin}/order/1` },
      })
      : Response.json({ type: "urn:ietf:params:acme:error:alreadyReplaced" }, { status: 409, headers });
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} }, handle);
  try {
    const { port } = server.addr as Deno.NetAddr;
    const directory = `https://127.0.0.1:${port}/dir`;
    const config: AcmeConfig = {
      configFile: "",
      directory,
      contact: [],
      ca,
      externalAccount: undefined,
      token: undefined,
    };
    const issuer = new AcmeIssuer(config, new TokenKeys(() => [token]), systemClock);
    const { signal } = new AbortController();
    const leaf = pemToDer((await pki.keyServerIdentity("old")).certificatePem)[0]!;
    assert.equal(await issuer.order([siteName], leaf, signal), `https://127.0.0.1:${port}/order/1`);
    assert.deepEqual(orders.map((order) => order.replaces), [certificateId(leaf), undefined]);
    assert.equal(await issuer.order([siteName], undefined, signal), `https://127.0.0.1:${port}/order/1`);
    assert.equal(orders.length, 3);
    const stopped = new AbortController();
    stopped.abort(new DOMException("stop", "AbortError"));
    await assert.rejects(issuer.order([siteName], leaf, stopped.signal), { name: "AbortError" });
  } finally {
    await server.shutdown();
  }
}

await runScenario({ issues, binds, recovers, replaces });
