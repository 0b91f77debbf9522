import { Authority } from "../../certs/authority.ts";
import type { Identity } from "../../certs/dev_pki.ts";
import { pathOf } from "../../key-server/admin/client/api_client.ts";
import { readLog } from "../../key-server/audit/read_log.ts";
import { TestClient } from "../../key-server/test_client.ts";
import type { SignTls13Request } from "../../shared/keyless_protocol/operations.ts";
import { SignatureScheme } from "../../shared/tls_constants.ts";
import { edgeIdentity } from "../harness/identities.ts";
import { type Claim, claim } from "./claims.ts";
import { type AcceptanceStage, site } from "./stage.ts";

const foreignName = "api.holdfast.test";

/** Somebody who is to get no signature, and where the refusal is counted. */
interface Stranger {
  readonly who: string;
  /** Undefined: no certificate. */
  readonly identity: Identity | undefined;
  /** The name whose key is asked for. */
  readonly name: string;
  readonly told: RegExp;
  readonly counter: `holdfast_${string}`;
  readonly labels: Readonly<Record<string, string>>;
}

/** Asks for a signature as each of those who may have none; pop2 is revoked already. */
export async function refuseStrangers(stage: AcceptanceStage): Promise<Claim[]> {
  await stage.api.post("/v1/keys", { name: "api", algorithm: "ecdsa-p256" });
  await stage.api.post("/v1/names", { name: foreignName, keys: ["api"] });
  const claims: Claim[] = [];
  for (const stranger of await strangers(stage)) {
    const { keyServer } = stage;
    const before = await keyServer.metric(stranger.counter, stranger.labels);
    const answer = await ask(stage, stranger);
    const counted = await keyServer.metric(stranger.counter, stranger.labels) - before;
    const isTold = answer?.type === "error" && stranger.told.test(answer.reason);
    const words = answer?.type === "error" ? `${answer.code}: ${answer.reason}` : answer?.type ?? "closed";
    claims.push(claim(`refused, counted and told: ${stranger.who}`, isTold && counted >= 1, words));
  }
  return claims;
}

/** Whether the log has what `refuseStrangers` saw refused; the minute's counts are there once the key server has stopped. */
export async function auditedStrangers(folder: string): Promise<Claim[]> {
  const seen = new Set<string>();
  for await (const { kind, why, edge, key, result } of readLog(folder)) {
    if (kind === "connection-refused") seen.add(String(why));
    if (kind === "key-operation" && edge === edgeIdentity("pop1") && key === "api") seen.add(String(result));
  }
  const wanted = [
    "no-certificate",
    "certificate-unknown-authority",
    "certificate-expired",
    "revoked",
    "identity",
    "not-authorised",
  ];
  const missing = wanted.filter((why) => !seen.has(why));
  return [
    claim(
      "audited: each of these",
      missing.length === 0,
      `${wanted.length - missing.length} of ${wanted.length}`,
    ),
  ];
}

async function strangers({ installation: { pki } }: AcceptanceStage): Promise<Stranger[]> {
  const pop1 = edgeIdentity("pop1");
  const hour = 3_600_000;
  const expired = { notBefore: new Date(Date.now() - 2 * hour), notAfter: new Date(Date.now() - hour) };
  const own = await Authority.createRoot("A stranger's own");
  const refusedFor = (reason: string) => ({
    name: site,
    counter: "holdfast_key_server_connections_refused_total" as const,
    labels: { reason },
  });
  return [
    {
      who: "nobody, without a certificate",
      identity: undefined,
      told: /no certificate/,
      ...refusedFor("no-certificate"),
    },
    {
      who: "a stranger with a certificate of his own",
      identity: await pki.edgeIdentity(pop1, { authority: own }),
      told: /refused: .*(issuer|self)/,
      ...refusedFor("certificate-unknown-authority"),
    },
    {
      who: "a certificate of another CA of ours",
      identity: await pki.edgeIdentity(pop1, { authority: pki.keyServers }),
      told: /refused: .*(issuer|self)/,
      ...refusedFor("certificate-unknown-authority"),
    },
    {
      who: "an expired certificate",
      identity: await pki.edgeIdentity(pop1, expired),
      told: /expired/,
      ...refusedFor("certificate-expired"),
    },
    {
      who: "a revoked edge, with a new certificate",
      identity: await pki.edgeIdentity(edgeIdentity("pop2")),
      told: /the edge is revoked: acceptance/,
      ...refusedFor("revoked"),
    },
    {
      who: "a certificate without SAN",
      identity: await pki.edgeIdentity(pop1, { uris: [] }),
      told: /no URI in subjectAltName/,
      ...refusedFor("identity"),
    },
    {
      who: "a valid edge that asks for another's name",
      identity: await pki.edgeIdentity(pop1),
      name: foreignName,
      told: /no permission of sign-tls13 with this key for this edge/,
      counter: "holdfast_key_server_operations_total",
      labels: { operation: "sign-tls13", result: "not-authorised" },
    },
  ];
}

/** The first answer, which may be the last word of a connection that is closed. */
async function ask(stage: AcceptanceStage, { identity, name }: Stranger) {
  const { installation, api } = stage;
  using client = await TestClient.dial({
    address: installation.address("keyServer"),
    ca: installation.pki.keyServers.certificatePem,
    ...(identity && { identity }),
  });
  const { bindings } = await api.get<{ bindings: { key: string }[] }>(pathOf`/v1/names/${name}`);
  const { subjectKeyIdentifier } = await api.get<{ subjectKeyIdentifier: string }>(
    pathOf`/v1/keys/${bindings[0]!.key}`,
  );
  const request: SignTls13Request = {
    operation: "sign-tls13",
    role: "server",
    subjectKeyIdentifier: Uint8Array.fromHex(subjectKeyIdentifier),
    serverName: name,
    deadline: 5000,
    signatureScheme: SignatureScheme.ecdsa_secp256r1_sha256,
    transcript: { form: "hash", transcriptHash: new Uint8Array(32).fill(7) },
  };
  await client.send(request).catch(() => {}); // It may have closed already.
  return await client.next().then(({ answer }) => answer, () => undefined);
}
