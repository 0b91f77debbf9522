import { concatenate } from "../../../shared/codec/concatenate.ts";
import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import {
  AlertDescription,
  ClientCertificateType,
  HandshakeType,
  SignatureScheme,
} from "../../../shared/tls_constants.ts";
import { decodeCertificateRequestTls12 } from "../../../shared/tls_messages/certificate_request_tls12.ts";
import { type ClientIdentity, ClientPki } from "../../../test/harness/client_pki.ts";
import {
  certificateTls12Message,
  certificateVerifyMessage,
  type VerifyOptions,
} from "../../../test/peer/client_certificate.ts";
import { ScriptedTls12Client } from "../../../test/peer/scripted_tls12_client.ts";
import { TestServer, testSite } from "../../../test/peer/test_server.ts";
import type { ClientCertificatePolicy } from "../client_certificates/policy.ts";

const pki = await ClientPki.create();
const identity = await pki.issue();
const rsa = await pki.issue({ keyType: "rsa" });

interface Pair {
  readonly client: ScriptedTls12Client;
  readonly server: TestServer;
}

/** Both sides up to ServerHelloDone; the server asks for a certificate. */
function start(policy: ClientCertificatePolicy, act: (pair: Pair) => void): void {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using client = new ScriptedTls12Client(pool);
  using server = new TestServer();
  server.site = { ...testSite, clientCertificates: policy };
  client.receive(server.receive(client.start()));
  act({ client, server });
}

const sendCertificate = ({ client, server }: Pair, { chain }: Pick<ClientIdentity, "chain">): void =>
  client.receive(server.receive(client.handshake(certificateTls12Message(chain))));

const sendKeyExchange = ({ client, server }: Pair): void =>
  client.receive(server.receive(client.clientKeyExchange()));

const sendVerify = ({ client, server }: Pair, signer: ClientIdentity, options: VerifyOptions = {}): void =>
  client.receive(
    server.receive(client.handshake(certificateVerifyMessage(signer, client.signedContent, options))),
  );

function finish({ client, server }: Pair): void {
  server.receive(client.changeCipherSpec());
  client.receive(server.receive(client.finished()));
}

/** All that the client sends, with its right certificate or another one. */
function authenticate(pair: Pair, shown: ClientIdentity, options: VerifyOptions = {}): void {
  sendCertificate(pair, shown);
  sendKeyExchange(pair);
  sendVerify(pair, shown, options);
  finish(pair);
}

Deno.test("TLS 1.2: CertificateRequest stands before ServerHelloDone, with types, schemes and names", () => {
  const authorities = [new Uint8Array([0x30, 0x00])];
  start({ mode: "optional", authorities, signatureSchemes: [SignatureScheme.ed25519] }, ({ client }) => {
    const [request, done] = client.messages.slice(-2);
    assert.equal(done?.type, HandshakeType.server_hello_done);
    const decoded = decodeCertificateRequestTls12(request!);
    assert.deepEqual(decoded.certificateTypes, [ClientCertificateType.ecdsa_sign]);
    assert.deepEqual(decoded.supportedSignatureAlgorithms, [SignatureScheme.ed25519]);
    assert.deepEqual(decoded.certificateAuthorities, authorities);
  });
});

/** The scheme names the hash: with any curve, and PKCS#1 v1.5 is allowed. */
const signers: readonly [string, ClientIdentity, number][] = [
  ["an ECDSA key", identity, SignatureScheme.ecdsa_secp256r1_sha256],
  ["an ECDSA key and another curve's hash", identity, SignatureScheme.ecdsa_secp384r1_sha384],
  ["an RSA key and PKCS#1 v1.5", rsa, SignatureScheme.rsa_pkcs1_sha256],
  ["an RSA key and PSS", rsa, SignatureScheme.rsa_pss_rsae_sha384],
];

for (const [name, signer, scheme] of signers) {
  Deno.test(`TLS 1.2: a client with ${name} is accepted, and its chain and scheme are told`, () => {
    start({ mode: "required" }, (pair) => {
      authenticate(pair, signer, { scheme });
      const { peer } = pair.server.event("handshake-complete").parameters;
      assert.deepEqual(peer?.chain, signer.chain);
      assert.equal(peer?.signatureScheme, scheme);
      assert.deepEqual(pair.client.messages.at(-1)!.body, pair.client.expectedServerVerifyData);
    });
  });
}

Deno.test("TLS 1.2: where a certificate is optional a client without one is accepted", () => {
  start({ mode: "optional" }, (pair) => {
    sendCertificate(pair, { chain: [] });
    sendKeyExchange(pair);
    finish(pair);
    assert.equal(pair.server.event("handshake-complete").parameters.peer, undefined);
  });
});

Deno.test("TLS 1.2: a verdict may wait, with the rest of the client's flight in one buffer that is used again", () => {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using client = new ScriptedTls12Client(pool);
  using server = new TestServer({}, ["verification-needed"]);
  server.site = { ...testSite, clientCertificates: { mode: "required" } };
  client.receive(server.receive(client.start()));
  const messages = [client.handshake(certificateTls12Message(identity.chain)), client.clientKeyExchange()];
  messages.push(client.handshake(certificateVerifyMessage(identity, client.signedContent)));
  // One record with all three handshake messages.
  const content = concatenate(messages.map((record) => record.subarray(5)));
  const flight = concatenate([client.seal(22, content), client.changeCipherSpec(), client.finished()]);
  server.receive(flight);
  flight.fill(0);
  assert.equal(server.engine.state, "awaiting-peer-verification");
  server.engine.answerVerification({ accepted: true });
  server.drain();
  assert.equal(server.engine.state, "connected");
});

const wrongs: readonly [string, keyof typeof AlertDescription, string, (pair: Pair) => void][] = [
  [
    "no certificate where one is required",
    "handshake_failure",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE",
    (pair) => sendCertificate(pair, { chain: [] }),
  ],
  [
    "ClientKeyExchange instead of Certificate",
    "unexpected_message",
    "UNEXPECTED_MESSAGE",
    sendKeyExchange,
  ],
  [
    "change_cipher_spec instead of CertificateVerify",
    "unexpected_message",
    "UNEXPECTED_RECORD",
    (pair) => {
      sendCertificate(pair, identity);
      sendKeyExchange(pair);
      pair.server.receive(pair.client.changeCipherSpec());
    },
  ],
  [
    "CertificateVerify before ClientKeyExchange",
    "unexpected_message",
    "UNEXPECTED_MESSAGE",
    (pair) => {
      sendCertificate(pair, identity);
      sendVerify(pair, identity);
    },
  ],
  [
    "a leaf that is no certificate",
    "decode_error",
    "CANNOT_PARSE_LEAF_CERT",
    (pair) => sendCertificate(pair, { chain: [new Uint8Array(100)] }),
  ],
  [
    "a signature with a flipped bit",
    "decrypt_error",
    "BAD_SIGNATURE",
    (pair) =>
      authenticate(pair, identity, { change: (signature) => signature.with(-1, signature.at(-1)! ^ 1) }),
  ],
  [
    "another kind of key's scheme",
    "illegal_parameter",
    "WRONG_SIGNATURE_TYPE",
    (pair) => {
      sendCertificate(pair, rsa);
      sendKeyExchange(pair);
      sendVerify(pair, identity);
    },
  ],
];

for (const [name, alert, reason, act] of wrongs) {
  Deno.test(`TLS 1.2: ${name} is refused with ${alert}`, () => {
    start({ mode: "required" }, (pair) => {
      act(pair);
      const failed = pair.server.event("failed");
      assert.equal(failed.alertSent, AlertDescription[alert], failed.error.message);
      assert.equal(failed.error.reason, reason);
      assert.equal(pair.server.pool.blocksInUse, 0);
    });
  });
}

Deno.test("TLS 1.2: a refused chain ends with the verdict's alert before any key is derived", () => {
  start({ mode: "required" }, (pair) => {
    pair.server.verdict = { accepted: false, alert: AlertDescription.unknown_ca, why: "a stranger's" };
    sendCertificate(pair, identity);
    assert.equal(pair.server.event("failed").alertSent, AlertDescription.unknown_ca);
    assert.equal(pair.server.pool.blocksInUse, 0);
  });
});
