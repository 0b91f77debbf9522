import type { Identity } from "../../../certs/dev_pki.ts";
import type { TcpAddress } from "../../../shared/config/address.ts";
import { answerNumbers, decodeAnswer, type KeylessAnswer } from "../../../shared/keyless_protocol/answers.ts";
import { FrameReader, keylessAlpn } from "../../../shared/keyless_protocol/frame.ts";
import type { SignTls13Request } from "../../../shared/keyless_protocol/operations.ts";
import { encodeRequest } from "../../../shared/keyless_protocol/requests.ts";

export interface LoadTarget {
  readonly address: TcpAddress;
  /** PEM of the key server's authority. */
  readonly ca: string;
  readonly identity: Identity;
  /** In hash form; its transcript hash is replaced by one that the request's id is part of. */
  readonly request: SignTls13Request;
}

/** A signature that was answered, for verification after the measurement. */
export interface SignatureSample {
  readonly transcriptHash: Uint8Array;
  readonly signature: Uint8Array;
}

/** One answer in so many is kept. */
const sampleEvery = 200;
const idOffset = 4;

/**
 * One edge's connection under load. Requests are patched into place and written together, so that the load costs less
 * than what it measures.
 */
export class LoadConnection implements Disposable {
  readonly #connection: Deno.TlsConn;
  readonly #template: Uint8Array<ArrayBuffer>;
  readonly #frames = new FrameReader();
  readonly #due = new Map<number, number>();
  #nextId = 1;
  #answered = 0;
  #writing = false;
  #unwritten = 0;
  #refused = 0;
  readonly samples: SignatureSample[] = [];

  private constructor(connection: Deno.TlsConn, template: Uint8Array<ArrayBuffer>) {
    this.#connection = connection;
    this.#template = template;
  }

  static async dial({ address, ca, identity, request }: LoadTarget): Promise<LoadConnection> {
    const connection = await Deno.connectTls({
      hostname: address.host,
      port: address.port,
      caCerts: [ca],
      alpnProtocols: [keylessAlpn],
      unsafelyDisableHostnameVerification: true,
      cert: identity.certificatePem,
      key: identity.privateKeyPem,
    } as Deno.ConnectTlsOptions);
    return new LoadConnection(connection, new Uint8Array(encodeRequest(1, request)));
  }

  /** Requests sent and not answered. */
  get inFlight(): number {
    return this.#due.size;
  }

  /** Requests that were answered by "overloaded". */
  get refused(): number {
    return this.#refused;
  }

  /** Sends one request for each time (performance.now()) at which it was due, as soon as what is being written is. */
  send(dueTimes: readonly number[]): void {
    for (const due of dueTimes) this.#due.set(this.#nextId + this.#unwritten++, due);
    if (!this.#writing) void this.#write();
  }

  /**
   * Reads once; gives the milliseconds from when each request that is signed now was due. Counts refusals for too much
   * load, and throws for others.
   */
  async read(): Promise<number[]> {
    const chunk = new Uint8Array(65_536);
    const length = await this.#connection.read(chunk);
    if (length === null) throw new Error("Cannot go on measuring: the key server has closed the connection");
    const now = performance.now();
    const latencies: number[] = [];
    this.#frames.push(chunk.subarray(0, length));
    for (let frame = this.#frames.next(); frame !== undefined; frame = this.#frames.next()) {
      const due = this.#due.get(frame.id);
      if (due === undefined) throw new Error("Cannot go on measuring: an answer to no request");
      this.#due.delete(frame.id);
      if (frame.kind !== answerNumbers.signature) {
        this.#countRefusal(decodeAnswer(frame));
        continue;
      }
      latencies.push(now - due);
      if (this.#answered++ % sampleEvery === 0) this.#keep(frame.id, decodeAnswer(frame));
    }
    return latencies;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  /** Until nothing is left to write. A write that fails has a reason, and who reads meets it. */
  async #write(): Promise<void> {
    this.#writing = true;
    try {
      while (this.#unwritten > 0) {
        for (let rest = this.#encode(); rest.length > 0;) {
          rest = rest.subarray(await this.#connection.write(rest));
        }
      }
    } catch {
      this.#unwritten = 0;
    }
    this.#writing = false;
  }

  #encode(): Uint8Array {
    const { length } = this.#template;
    const count = this.#unwritten;
    const bytes = new Uint8Array(count * length);
    const view = new DataView(bytes.buffer);
    for (let index = 0; index < count; index++) {
      bytes.set(this.#template, index * length);
      const id = this.#nextId++;
      view.setUint32(index * length + idOffset, id);
      view.setUint32((index + 1) * length - 4, id);
    }
    this.#unwritten = 0;
    return bytes;
  }

  #countRefusal(answer: KeylessAnswer): void {
    if (answer.type !== "error" || answer.code !== "overloaded") {
      throw new Error(`Cannot go on measuring: ${JSON.stringify(answer)}`);
    }
    this.#refused++;
  }

  #keep(id: number, answer: KeylessAnswer): void {
    if (answer.type !== "signature") return;
    const transcriptHash = this.#template.slice(-32);
    new DataView(transcriptHash.buffer).setUint32(28, id);
    this.samples.push({ transcriptHash, signature: answer.signature.slice() });
  }
}
