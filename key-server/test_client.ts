/** For tests: speaks the keyless protocol to a key server, and can misbehave. */
import { decodeAnswer, type KeylessAnswer } from "../shared/keyless_protocol/answers.ts";
import { FrameReader, keylessAlpn, unixPreface } from "../shared/keyless_protocol/frame.ts";
import type { KeylessRequest } from "../shared/keyless_protocol/operations.ts";
import { encodeRequest } from "../shared/keyless_protocol/requests.ts";
import type { TcpAddress } from "../shared/config/address.ts";
import type { Identity } from "../certs/dev_pki.ts";

export interface DialOptions {
  readonly address: TcpAddress;
  /** PEM of the key server's authority. */
  readonly ca: string;
  readonly identity?: Identity;
  readonly alpn?: readonly string[];
}

type AnyConn = Deno.TlsConn | Deno.UnixConn;

export class TestClient implements Disposable {
  readonly #connection: AnyConn;
  readonly #reader = new FrameReader();
  #nextId = 1;
  readonly #answers = new Map<number, KeylessAnswer>();
  #ended = false;

  private constructor(connection: AnyConn) {
    this.#connection = connection;
  }

  /** Resolves when the client's part of the handshake is done: whether the server took it, the first answer tells. */
  static async dial({ address, ca, identity, alpn = [keylessAlpn] }: DialOptions): Promise<TestClient> {
    const keys = identity && { cert: identity.certificatePem, key: identity.privateKeyPem };
    const options = {
      hostname: address.host,
      port: address.port,
      caCerts: [ca],
      alpnProtocols: [...alpn],
      unsafelyDisableHostnameVerification: true,
      ...keys,
    };
    return new TestClient(await Deno.connectTls(options as Deno.ConnectTlsOptions));
  }

  static async dialUnix(path: string, preface: Uint8Array = unixPreface): Promise<TestClient> {
    const client = new TestClient(await Deno.connect({ transport: "unix", path }));
    // A key server that refuses this user may have closed already: the test sees that by itself.
    await client.write(preface).catch(() => {});
    return client;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#connection.write(rest));
  }

  /** Sends a request and returns its id. */
  async send(request: KeylessRequest, id: number = this.#nextId++): Promise<number> {
    await this.write(encodeRequest(id, request));
    return id;
  }

  /** The answer with this id; undefined when the server closed before it came. */
  async answer(id: number): Promise<KeylessAnswer | undefined> {
    while (!this.#answers.has(id) && !this.#ended) await this.#read();
    const answer = this.#answers.get(id);
    this.#answers.delete(id);
    return answer;
  }

  /** The next answer, whichever it is. Throws when the server closed. */
  async next(): Promise<{ id: number; answer: KeylessAnswer }> {
    while (this.#answers.size === 0 && !this.#ended) await this.#read();
    for (const [id, answer] of this.#answers) {
      this.#answers.delete(id);
      return { id, answer };
    }
    throw new Error("Cannot read an answer: the key server has closed");
  }

  async ask(request: KeylessRequest): Promise<KeylessAnswer | undefined> {
    return await this.answer(await this.send(request));
  }

  /** Reads until the server closes; true when it has, with nothing left unread. */
  async closed(): Promise<boolean> {
    while (!this.#ended) await this.#read();
    return this.#answers.size === 0;
  }

  async closeWrite(): Promise<void> {
    await this.#connection.closeWrite();
  }

  [Symbol.dispose](): void {
    try {
      this.#connection.close();
    } catch {
      // Closed by the other side already.
    }
  }

  async #read(): Promise<void> {
    const chunk = new Uint8Array(65_536);
    const length = await this.#connection.read(chunk).catch(() => null);
    if (length === null) {
      this.#ended = true;
      return;
    }
    this.#reader.push(chunk.subarray(0, length));
    for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
      this.#answers.set(frame.id, decodeAnswer(frame));
    }
  }
}
