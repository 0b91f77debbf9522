import { concatenate } from "../../shared/codec/concatenate.ts";
import { constants, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { PeerVerdict } from "../../edge-terminator/tls/client_certificates/peer_verdict.ts";
import type { ServedCertificate } from "../../edge-terminator/tls/served_certificate.ts";
import type { SignatureRequest, TlsServerEvent } from "../../edge-terminator/tls/server_events.ts";
import { TlsServerEngine } from "../../edge-terminator/tls/server_engine.ts";
import type { TlsServerOptions } from "../../edge-terminator/tls/server_options.ts";
import type { TlsSite } from "../../edge-terminator/tls/site.ts";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { SignatureScheme } from "../../shared/tls_constants.ts";

/** A certificate of any bytes with a real key behind it: the scripted client does not look into it. */
export interface TestCertificate {
  readonly served: ServedCertificate;
  readonly privateKey: KeyObject;
}

function testCertificate(
  keyType: ServedCertificate["keyType"],
  privateKey: KeyObject,
  signatureSchemes: readonly number[],
): TestCertificate {
  const chain = [new TextEncoder().encode(`a certificate for an ${keyType} key`)];
  return {
    served: { chain, subjectKeyIdentifier: new Uint8Array(20), keyType, signatureSchemes },
    privateKey: createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" })),
  };
}

export const ecdsaCertificate: TestCertificate = testCertificate(
  "ecdsa-p256",
  generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  [SignatureScheme.ecdsa_secp256r1_sha256],
);

export const rsaCertificate: TestCertificate = testCertificate(
  "rsa",
  generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
  [
    SignatureScheme.rsa_pss_rsae_sha256,
    SignatureScheme.rsa_pss_rsae_sha384,
    SignatureScheme.rsa_pkcs1_sha256,
  ],
);

export const testSite: TlsSite = {
  certificates: [ecdsaCertificate.served, rsaCertificate.served],
  alpnProtocols: [],
};

const digests: Readonly<Record<number, string>> = {
  [SignatureScheme.ecdsa_secp256r1_sha256]: "sha256",
  [SignatureScheme.rsa_pss_rsae_sha256]: "sha256",
  [SignatureScheme.rsa_pss_rsae_sha384]: "sha384",
  [SignatureScheme.rsa_pkcs1_sha256]: "sha256",
};

/** What a key server does with a request, done on the spot. */
export function answer(request: SignatureRequest): Uint8Array {
  const { privateKey } = [ecdsaCertificate, rsaCertificate].find(({ served }) =>
    served === request.certificate
  )!;
  const pss = request.scheme >> 8 === 8;
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  const key = pss ? { key: privateKey, ...padding } : privateKey;
  return new Uint8Array(sign(digests[request.scheme]!, signedContent(request), key));
}

function signedContent(request: SignatureRequest): Uint8Array {
  if (request.kind === "tls12-server-key-exchange") {
    return concatenate([request.clientRandom, request.serverRandom, request.params]);
  }
  const context = new TextEncoder().encode(`${" ".repeat(64)}TLS 1.3, server CertificateVerify\0`);
  return concatenate([context, request.transcriptHash]);
}

/** An engine with its own pool, whose questions are answered as soon as they come, unless a test takes them. */
export class TestServer implements Disposable {
  readonly pool = LockedPool.open({ totalBytes: 64 * 64 });
  readonly engine: TlsServerEngine;
  readonly events: TlsServerEvent[] = [];
  site: TlsSite | undefined = testSite;
  verdict: PeerVerdict | Error = { accepted: true };
  kemSecret: Uint8Array = new Uint8Array(32).fill(7);
  /** Events of these types are left to the test. */
  readonly #leave: ReadonlySet<TlsServerEvent["type"]>;

  constructor(options: Omit<TlsServerOptions, "pool"> = {}, leave: readonly TlsServerEvent["type"][] = []) {
    this.engine = new TlsServerEngine({ ...options, pool: this.pool });
    this.#leave = new Set(leave);
  }

  /** Gives bytes to the engine, answers its questions, returns what it sends. */
  receive(bytes: Uint8Array): Uint8Array | undefined {
    this.engine.receive(bytes.slice()); // the engine decrypts in place; a test may send the same record again
    return this.drain();
  }

  drain(): Uint8Array | undefined {
    for (let event = this.engine.nextEvent(); event !== undefined; event = this.engine.nextEvent()) {
      this.events.push(event);
      if (!this.#leave.has(event.type)) this.#answer(event);
    }
    return this.engine.takeOutput();
  }

  #answer(event: TlsServerEvent): void {
    if (event.type === "client-hello") this.engine.answerSite(this.site);
    if (event.type === "signature-needed") this.engine.answerSignature(answer(event.request));
    if (event.type === "verification-needed") this.engine.answerVerification(this.verdict);
    if (event.type === "encapsulation-needed") {
      const sharedSecret = this.pool.rent(32);
      sharedSecret.bytes.set(this.kemSecret);
      this.engine.answerEncapsulation({ ciphertext: new Uint8Array(1088), sharedSecret });
    }
  }

  /** The first event of a type; throws when there was none. */
  event<Type extends TlsServerEvent["type"]>(type: Type): Extract<TlsServerEvent, { type: Type }> {
    const found = this.events.find((event) => event.type === type);
    if (found === undefined) {
      throw new Error(`no ${type} among ${this.events.map((event) => event.type).join(", ") || "no events"}`);
    }
    return found as Extract<TlsServerEvent, { type: Type }>;
  }

  /** Everything the application received. */
  get received(): Uint8Array {
    return concatenate(this.events.flatMap((event) => event.type === "application-data" ? [event.data] : []));
  }

  [Symbol.dispose](): void {
    this.engine[Symbol.dispose]();
    const { blocksInUse } = this.pool;
    this.pool[Symbol.dispose]();
    if (blocksInUse !== 0) throw new Error(`${blocksInUse} blocks were not returned`);
  }
}
