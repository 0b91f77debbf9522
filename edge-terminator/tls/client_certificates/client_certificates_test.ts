import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { AlertDescription, HandshakeType, SignatureScheme } from "../../../shared/tls_constants.ts";
import { decodeCertificateRequest } from "../../../shared/tls_messages/certificate_request.ts";
import { type ClientIdentity, ClientPki } from "../../../test/harness/client_pki.ts";
import {
  certificateMessage,
  type CertificateOptions,
  certificateVerifyMessage,
  type VerifyOptions,
} from "../../../test/peer/client_certificate.ts";
import { ScriptedClient } from "../../../test/peer/scripted_client.ts";
import { TestServer, testSite } from "../../../test/peer/test_server.ts";
import * as x509 from "../../../shared/pki/x509.ts";
import { type ClientCertificatePolicy, defaultSignatureSchemes } from "./policy.ts";

const pki = await ClientPki.create();
const identity = await pki.issue();

interface Pair {
  readonly client: ScriptedClient;
  readonly server: TestServer;
}

/** Both sides up to the server's Finished; the server asks for a certificate. */
function start(policy: ClientCertificatePolicy, act: (pair: Pair) => void): void {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using client = new ScriptedClient({ pool });
  using server = new TestServer();
  server.site = { ...testSite, clientCertificates: policy };
  client.receive(server.receive(client.start()));
  act({ client, server });
}

function sendCertificate(
  { client, server }: Pair,
  { chain }: Pick<ClientIdentity, "chain">,
  options: CertificateOptions = {},
): void {
  client.receive(server.receive(client.handshake(certificateMessage(chain, options))));
}

function sendVerify({ client, server }: Pair, signer: ClientIdentity, options: VerifyOptions = {}): void {
  client.receive(
    server.receive(client.handshake(certificateVerifyMessage(signer, client.signedContent, options))),
  );
}

const finish = ({ client, server }: Pair): void => client.receive(server.receive(client.finished()));

Deno.test("a client with a certificate is accepted, and its chain and scheme are told", () => {
  start({ mode: "required" }, (pair) => {
    sendCertificate(pair, identity);
    assert.deepEqual(pair.server.event("verification-needed").request.chain, identity.chain);
    sendVerify(pair, identity);
    finish(pair);
    const { peer, resumed } = pair.server.event("handshake-complete").parameters;
    assert.deepEqual(peer?.chain, identity.chain);
    assert.equal(peer?.signatureScheme, SignatureScheme.ecdsa_secp256r1_sha256);
    assert.equal(resumed, false);
    pair.server.receive(pair.client.seal(23, new Uint8Array([1, 2, 3])));
    assert.deepEqual(pair.server.received, new Uint8Array([1, 2, 3]));
  });
});

for (const keyType of ["ecdsa-p384", "rsa", "ed25519"] as const) {
  Deno.test(`a client with an ${keyType} key is accepted`, async () => {
    const other = await pki.issue({ keyType });
    start({ mode: "required" }, (pair) => {
      sendCertificate(pair, other);
      sendVerify(pair, other);
      finish(pair);
      assert.equal(pair.server.engine.state, "connected");
    });
  });
}

Deno.test("CertificateRequest stands after EncryptedExtensions, with the schemes and the authorities' names", () => {
  const authorities = [new Uint8Array([0x30, 0x00])];
  start({ mode: "optional", authorities }, ({ client }) => {
    assert.equal(client.messageTypes[2], HandshakeType.certificate_request);
    const { certificateRequestContext, known } = decodeCertificateRequest(client.messages[2]!);
    assert.equal(certificateRequestContext.length, 0);
    assert.deepEqual(known.signatureAlgorithms, defaultSignatureSchemes);
    assert.deepEqual(known.certificateAuthorities, authorities);
  });
});

Deno.test("a site without a policy asks for no certificate, and refuses one", () => {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using client = new ScriptedClient({ pool });
  using server = new TestServer();
  client.receive(server.receive(client.start()));
  assert(!client.messageTypes.includes(HandshakeType.certificate_request));
  sendCertificate({ client, server }, identity);
  assert.equal(server.event("failed").alertSent, AlertDescription.unexpected_message);
});

Deno.test("where a certificate is optional a client without one is accepted, and nobody is asked about it", () => {
  start({ mode: "optional" }, (pair) => {
    sendCertificate(pair, { chain: [] });
    finish(pair);
    assert.equal(pair.server.event("handshake-complete").parameters.peer, undefined);
    assert(!pair.server.events.some(({ type }) => type === "verification-needed"));
  });
});

Deno.test("a verdict may wait, and nothing of the client's is read meanwhile", () => {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using client = new ScriptedClient({ pool });
  using server = new TestServer({}, ["verification-needed"]);
  server.site = { ...testSite, clientCertificates: { mode: "required" } };
  client.receive(server.receive(client.start()));
  const flight = [client.handshake(certificateMessage(identity.chain))];
  flight.push(client.handshake(certificateVerifyMessage(identity, client.signedContent)), client.finished());
  for (const record of flight) {
    server.receive(record);
    // The caller's buffer is the caller's again.
    record.fill(0);
  }
  assert.equal(server.engine.state, "awaiting-peer-verification");
  assert.equal(server.engine.wantsInput, false);
  server.engine.answerVerification({ accepted: true });
  server.drain();
  assert.equal(server.engine.state, "connected");
});

Deno.test("a refused chain ends with the verdict's alert, an Error with internal_error", () => {
  const alert = AlertDescription.certificate_revoked;
  for (
    const [verdict, expected, reason] of [
      [{ accepted: false, alert, why: "revoked" }, alert, "CERTIFICATE_VERIFY_FAILED"],
      [new Error("no verifier"), AlertDescription.internal_error, "INTERNAL_ERROR"],
    ] as const
  ) {
    start({ mode: "required" }, (pair) => {
      pair.server.verdict = verdict;
      sendCertificate(pair, identity);
      const failed = pair.server.event("failed");
      assert.deepEqual([failed.alertSent, failed.error.reason], [expected, reason]);
      assert.deepEqual(pair.client.alerts, [{ level: 2, description: expected }]);
      assert.equal(pair.server.pool.blocksInUse, 0);
    });
  }
});

/** What goes wrong, the alert, BoringSSL's name, and how the client does it. */
const wrongs: readonly [string, keyof typeof AlertDescription, string, (pair: Pair) => void][] = [
  [
    "no certificate where one is required",
    "certificate_required",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE",
    (pair) => sendCertificate(pair, { chain: [] }),
  ],
  [
    "a Certificate with a context",
    "illegal_parameter",
    "DECODE_ERROR",
    (pair) => sendCertificate(pair, identity, { context: new Uint8Array([1]) }),
  ],
  [
    "an extension on a certificate that nobody asked for",
    "unsupported_extension",
    "UNEXPECTED_EXTENSION",
    (pair) => sendCertificate(pair, identity, { extensions: [{ type: 5, data: new Uint8Array(4) }] }),
  ],
  [
    "a leaf that is no certificate",
    "decode_error",
    "CANNOT_PARSE_LEAF_CERT",
    (pair) => sendCertificate(pair, { chain: [new Uint8Array([0x30, 0x01, 0x00])] }),
  ],
  [
    "a chain of more than 100 KiB",
    "illegal_parameter",
    "EXCESSIVE_MESSAGE_SIZE",
    (pair) => sendCertificate(pair, { chain: [...identity.chain, new Uint8Array(101 * 1024)] }),
  ],
  [
    "Finished instead of Certificate",
    "unexpected_message",
    "UNEXPECTED_MESSAGE",
    finish,
  ],
  [
    "Finished instead of CertificateVerify",
    "unexpected_message",
    "UNEXPECTED_MESSAGE",
    (pair) => (sendCertificate(pair, identity), finish(pair)),
  ],
  [
    "CertificateVerify after an empty Certificate",
    "unexpected_message",
    "UNEXPECTED_MESSAGE",
    (pair) => (sendCertificate(pair, { chain: [] }), sendVerify(pair, identity)),
  ],
  [
    "a second Certificate",
    "unexpected_message",
    "UNEXPECTED_MESSAGE",
    (pair) => (sendCertificate(pair, identity), sendCertificate(pair, identity)),
  ],
  [
    "a signature with a flipped bit",
    "decrypt_error",
    "BAD_SIGNATURE",
    (pair) => {
      sendCertificate(pair, identity);
      sendVerify(pair, identity, { change: (signature) => signature.with(-1, signature.at(-1)! ^ 1) });
    },
  ],
  [
    "an empty signature",
    "decrypt_error",
    "BAD_SIGNATURE",
    (pair) => {
      sendCertificate(pair, identity);
      sendVerify(pair, identity, { change: () => new Uint8Array(0) });
    },
  ],
  [
    "another curve's scheme",
    "illegal_parameter",
    "WRONG_SIGNATURE_TYPE",
    (pair) => {
      sendCertificate(pair, identity);
      sendVerify(pair, identity, { scheme: SignatureScheme.ecdsa_secp384r1_sha384 });
    },
  ],
];

for (const [name, alert, reason, act] of wrongs) {
  Deno.test(`${name} is refused with ${alert}`, () => {
    const mode = name === "CertificateVerify after an empty Certificate" ? "optional" : "required";
    start({ mode }, (pair) => {
      act(pair);
      const failed = pair.server.event("failed");
      assert.equal(failed.alertSent, AlertDescription[alert], failed.error.message);
      assert.equal(failed.error.reason, reason);
      assert.equal(pair.server.pool.blocksInUse, 0);
    });
  });
}

Deno.test("another client's signature, and one with a scheme that was not offered, are refused", async () => {
  const thief = await pki.issue();
  start({ mode: "required" }, (pair) => {
    sendCertificate(pair, identity);
    sendVerify(pair, thief);
    assert.equal(pair.server.event("failed").error.reason, "BAD_SIGNATURE");
  });
  start({ mode: "required", signatureSchemes: [SignatureScheme.ed25519] }, (pair) => {
    sendCertificate(pair, identity);
    sendVerify(pair, identity);
    assert.equal(pair.server.event("failed").error.reason, "WRONG_SIGNATURE_TYPE");
  });
});

Deno.test("PKCS#1 v1.5 is offered for certificates, and refused in TLS 1.3's CertificateVerify", async () => {
  const rsa = await pki.issue({ keyType: "rsa" });
  start({ mode: "required" }, (pair) => {
    sendCertificate(pair, rsa);
    sendVerify(pair, rsa, { scheme: SignatureScheme.rsa_pkcs1_sha256 });
    assert.equal(pair.server.event("failed").error.reason, "WRONG_SIGNATURE_TYPE");
  });
});

Deno.test("a key that must not sign is refused with unsupported_certificate", async () => {
  const unfit = await pki.issue({ keyUsages: x509.KeyUsageFlags.keyAgreement });
  start({ mode: "required" }, (pair) => {
    sendCertificate(pair, unfit);
    const failed = pair.server.event("failed");
    assert.equal(failed.alertSent, AlertDescription.unsupported_certificate);
    assert.equal(failed.error.reason, "KEY_USAGE_BIT_INCORRECT");
  });
});

Deno.test("a key that is malformed by itself, in a certificate that is not, is the client's fault", async () => {
  const rsa = await pki.issue({ keyType: "rsa" });
  // The parameters of rsaEncryption: of another type than NULL.
  const hex = rsa.chain[0]!.toHex().replace("2a864886f70d0101010500", "2a864886f70d0101012000");
  start({ mode: "required" }, (pair) => {
    sendCertificate(pair, { chain: [Uint8Array.fromHex(hex)] });
    sendVerify(pair, rsa);
    const failed = pair.server.event("failed");
    assert.equal(failed.alertSent, AlertDescription.decode_error);
    assert.equal(failed.error.reason, "CANNOT_PARSE_LEAF_CERT");
  });
});
