import type { ServedCertificate } from "../../../edge-terminator/tls/served_certificate.ts";
import { TlsServerEngine } from "../../../edge-terminator/tls/server_engine.ts";
import type { TlsServerEvent } from "../../../edge-terminator/tls/server_events.ts";
import type { TlsSite } from "../../../edge-terminator/tls/site.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { SignatureScheme } from "../../../shared/tls_constants.ts";
import { InternalFailure, TlsError } from "../../../shared/tls_messages/errors.ts";
import { ScriptedClient } from "../../peer/scripted_client.ts";
import { ByteSource } from "../byte_source.ts";
import { readRecordings } from "../corpus/recording.ts";
import { Defect, type FuzzSubject, type FuzzTarget, promise } from "../fuzz_target.ts";
import { Random } from "../random.ts";
import { clientOptions, HandshakeScript } from "./handshake_script.ts";

const certificate: ServedCertificate = {
  chain: [new Uint8Array(700).fill(0x30)],
  subjectKeyIdentifier: new Uint8Array(20),
  keyType: "ecdsa-p256",
  signatureSchemes: [SignatureScheme.ecdsa_secp256r1_sha256],
};
const rsaCertificate: ServedCertificate = {
  ...certificate,
  keyType: "rsa",
  signatureSchemes: [SignatureScheme.rsa_pss_rsae_sha256, SignatureScheme.rsa_pkcs1_sha256],
};
const site: TlsSite = { certificates: [certificate, rsaCertificate], alpnProtocols: ["h2", "http/1.1"] };

/** How the server's own side answers: as it should, or not. */
type Manners = "well" | "fails" | "refuses the name";

/** One engine with a driver that answers its questions and holds it to its contract. */
class Driver implements Disposable {
  readonly engine: TlsServerEngine;
  readonly #pool: LockedPool;
  readonly #manners: Manners;
  readonly #seen: string[] = [];
  #failed = false;
  #completed = false;

  constructor(pool: LockedPool, manners: Manners) {
    this.#pool = pool;
    this.#manners = manners;
    this.engine = new TlsServerEngine({ pool });
  }

  /** What happened, in a few words. */
  get words(): string {
    return `${this.#manners}: ${this.#seen.join(" ")} (${this.engine.state})`;
  }

  get completed(): boolean {
    return this.#completed;
  }

  /** Gives bytes, answers questions, returns what the engine sends. */
  receive(bytes: Uint8Array): Uint8Array | undefined {
    this.engine.receive(bytes.slice());
    for (let event = this.engine.nextEvent(); event !== undefined; event = this.engine.nextEvent()) {
      this.#take(event);
    }
    return this.engine.takeOutput();
  }

  [Symbol.dispose](): void {
    this.engine[Symbol.dispose]();
  }

  #take(event: TlsServerEvent): void {
    promise(!this.#failed, `the event ${event.type} follows "failed"`);
    if (this.#seen.at(-1) !== event.type && this.#seen.length < 8) this.#seen.push(event.type);
    switch (event.type) {
      case "client-hello":
        return this.engine.answerSite(this.#manners === "refuses the name" ? undefined : site);
      case "encapsulation-needed":
        return this.#encapsulate();
      case "signature-needed":
        if (this.#manners !== "fails") return this.engine.answerSignature(new Uint8Array(71).fill(0x30));
        return this.engine.failPrivateKeyOperation(new Error("the key server is gone"));
      case "handshake-complete":
        promise(!this.#completed, "a handshake was completed twice");
        this.#completed = true;
        return;
      case "application-data":
        return promise(this.#completed, "application data came before the handshake was complete");
      case "failed":
        return this.#takeFailure(event.error);
    }
  }

  #encapsulate(): void {
    if (this.#manners === "fails") return this.engine.answerEncapsulation(new Error("no"));
    const sharedSecret = this.#pool.rent(32);
    sharedSecret.bytes.fill(7);
    this.engine.answerEncapsulation({ ciphertext: new Uint8Array(1088), sharedSecret });
  }

  /** A peer must never be able to make us fail of our own. */
  #takeFailure(error: TlsError): void {
    this.#failed = true;
    promise(error instanceof TlsError, `${error} is no TlsError`);
    this.#seen.push(error.reason);
    const ours = error instanceof InternalFailure && error.message !== "Cannot go on: aborted";
    if (ours && this.#manners !== "fails") {
      throw new Defect("The peer brought about internal_error", { cause: error });
    }
  }
}

/**
 * Whole connections with the engine. An input is either a stream of bytes or a script for a client that has the keys
 * and does wrong under them. Whatever happens, the engine must not throw, not fail of its own, and give every block of
 * its pool back.
 */
class HandshakeSubject implements FuzzSubject {
  readonly #serverPool = LockedPool.open({ totalBytes: 64 * 128 });
  readonly #clientPool = LockedPool.open({ totalBytes: 64 * 512 });
  readonly seeds: readonly Uint8Array[] = [
    ...readRecordings().map(({ fromClient }, index) => Uint8Array.of(0, index * 9, ...fromClient)),
    Uint8Array.of(1),
    ...Array.from({ length: 40 }, (_, index) => Uint8Array.of(index % 6 + 1, ...new Random(index).bytes(80))),
  ];

  run(input: Uint8Array): string {
    const before = this.#serverPool.blocksInUse;
    const words = this.#play(new ByteSource(input));
    const leaked = this.#serverPool.blocksInUse - before;
    promise(leaked === 0, `${leaked} blocks were not returned`);
    return words;
  }

  [Symbol.dispose](): void {
    this.#serverPool[Symbol.dispose]();
    this.#clientPool[Symbol.dispose]();
  }

  #play(source: ByteSource): string {
    const mode = source.below(7);
    using driver = new Driver(
      this.#serverPool,
      mode === 5 ? "fails" : mode === 6 ? "refuses the name" : "well",
    );
    if (mode === 0) this.#playStream(driver, source);
    else this.#playScript(driver, source);
    return driver.words;
  }

  #playStream(driver: Driver, source: ByteSource): void {
    const step = source.byte() || Infinity;
    const stream = source.rest();
    for (let at = 0; at < stream.length; at += step) driver.receive(stream.subarray(at, at + step));
    promise(!driver.completed, "a handshake was completed without a client");
  }

  #playScript(driver: Driver, source: ByteSource): void {
    using client = new ScriptedClient({ pool: this.#clientPool, ...clientOptions(source) });
    const script = new HandshakeScript(client, source);
    const step = source.byte() || Infinity;
    for (let count = 0; count < 12 && !clientGivesUp(() => this.#exchange(driver, script, step)); count += 1);
  }

  #exchange(driver: Driver, script: HandshakeScript, step: number): void {
    const bytes = script.step(driver.engine);
    // Even without bytes: the script may have called the engine, which then has something to say.
    for (let at = 0; at === 0 || at < bytes.length; at += step) {
      const output = driver.receive(bytes.subarray(at, at + step));
      try {
        script.client.receive(output);
      } catch (error) {
        throw new ClientGaveUp("the client cannot use what the server sent", { cause: error });
      }
    }
  }
}

class ClientGaveUp extends Error {}

/** The scripted client is no engine: without keys, or with a server that makes nothing of its words, it throws. */
function clientGivesUp(exchange: () => void): boolean {
  try {
    exchange();
    return false;
  } catch (error) {
    if (error instanceof ClientGaveUp || error instanceof TypeError && fromClient(error)) return true;
    throw error;
  }
}

function fromClient(error: Error): boolean {
  const thrower = error.stack?.split("\n").find((line) => line.includes("file://")) ?? "";
  return /peer\/scripted_client|targets\/handshake_script/.test(thrower);
}

export const handshakeTarget: FuzzTarget = {
  name: "handshake",
  about: "whole connections: byte streams, and scripts for a client that misbehaves under the right keys",
  open: () => new HandshakeSubject(),
};
