import assert from "node:assert/strict";
import { connect, type TLSSocket } from "node:tls";
import { type ClientIdentity, ClientPki } from "../../test/harness/client_pki.ts";
import { poll } from "../../test/harness/poll.ts";
import { ClientVerifier } from "../certificates/client_verifier.ts";
import { decodeProxyHeader } from "../proxy/testing/decode_proxy_header.ts";
import type { PeerVerdict } from "../tls/client_certificates/peer_verdict.ts";
import type { ServedSite } from "./application.ts";
import type { ConnectionLimits } from "./context.ts";
import { LocalEdge } from "./testing/local_edge.ts";
import { RawBackend } from "./testing/raw_backend.ts";
import { siteName } from "./testing/software_key.ts";

const pki = await ClientPki.create();
const identity = await pki.issue({ commonName: "client.test" });

type Verify = NonNullable<ServedSite["verifyClient"]>;

/** An edge whose one site takes clients of the test's authority, judged by it unless told. */
async function startEdge(
  backend: RawBackend,
  mode: "optional" | "required",
  verify?: Verify,
  limits: Partial<ConnectionLimits> = {},
): Promise<LocalEdge> {
  const verifier = new ClientVerifier(mode, { authorities: [pki.authorityDer], revocationLists: [] });
  return await LocalEdge.start({
    backend: backend.address,
    proxyProtocol: true,
    limits,
    change: (context) => ({
      ...context,
      findSite: (name, protocols) => {
        const site = context.findSite(name, protocols);
        return site && {
          ...site,
          tls: { ...site.tls, clientCertificates: verifier.policy },
          verifyClient: verify ?? ((chain) => verifier.verify(chain)),
        };
      },
    }),
  });
}

function connectTo(edge: LocalEdge, client?: ClientIdentity): TLSSocket {
  const socket = connect({
    host: edge.address.hostname,
    port: edge.address.port,
    servername: siteName,
    ca: edge.rootPem,
    ...(client && { cert: client.certificatePem, key: client.privateKeyPem }),
  });
  socket.on("error", () => {});
  return socket;
}

/** What the backend is told of a client. */
async function toldOf(client: ClientIdentity | undefined) {
  const header = Promise.withResolvers<Uint8Array>();
  await using backend = await RawBackend.start((socket) => socket.once("data", header.resolve));
  await using edge = await startEdge(backend, "optional");
  const socket = connectTo(edge, client);
  const { tls } = decodeProxyHeader(new Uint8Array(await header.promise));
  socket.destroy();
  return { client: tls?.client, verify: tls?.verify, commonName: tls?.commonName };
}

Deno.test("the backend is told of a client's certificate: shown, verified, and its common name", async () => {
  assert.deepEqual(await toldOf(identity), { client: 7, verify: 0, commonName: "client.test" });
  assert.deepEqual(await toldOf(undefined), { client: 1, verify: 1, commonName: undefined });
});

Deno.test("a verdict that takes its time is waited for, and one that never comes ends with the deadline", async () => {
  const verdict = Promise.withResolvers<PeerVerdict>();
  await using backend = await RawBackend.start(() => {});
  await using edge = await startEdge(backend, "required", () => verdict.promise);
  const socket = connectTo(edge, identity);
  await poll("verification", () => edge.acceptor.size === 1);
  verdict.resolve({ accepted: true });
  const record = await edge.handshake();
  assert.deepEqual([record.result, record.clientCertificate], ["ok", "accepted"]);
  socket.destroy();

  const never = new Promise<PeerVerdict>(() => {});
  await using slow = await startEdge(backend, "required", () => never, { handshakeDeadline: 100 });
  const waiting = connectTo(slow, identity);
  assert.equal((await slow.handshake()).result, "deadline");
  waiting.destroy();
});

Deno.test("a verifier that fails is internal_error to the client, and no block is lost", async () => {
  await using backend = await RawBackend.start(() => {});
  await using edge = await startEdge(backend, "required", () => Promise.reject(new Error("out of order")));
  const socket = connectTo(edge, identity);
  const { result, alertSent, reason } = await edge.handshake();
  assert.deepEqual([result, alertSent], ["refused", "internal_error"]);
  assert.match(String(reason), /out of order/);
  socket.destroy();
});
