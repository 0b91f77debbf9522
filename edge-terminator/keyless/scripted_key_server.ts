/** For tests: a key server that does what a script says, over real TLS or a unix socket and in the real protocol. */
import { createServer as createPlainServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { DevelopmentPki, type Identity } from "../../certs/dev_pki.ts";
import { writeIdentity, writeRoots } from "../../certs/write.ts";
import { plainBytes } from "../../shared/codec/plain_bytes.ts";
import { encodeAnswer } from "../../shared/keyless_protocol/answers.ts";
import { type Frame, FrameReader, keylessAlpn, unixPreface } from "../../shared/keyless_protocol/frame.ts";
import type { KeylessRequest } from "../../shared/keyless_protocol/operations.ts";
import { decodeRequest } from "../../shared/keyless_protocol/requests.ts";
import { freePort, ownLoopbackAddress } from "../../test/harness/loopback.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import type { KeyServerEndpoint } from "./endpoint.ts";
import type { IdentityFiles } from "./identity.ts";

/** One request as the script sees it. */
export interface ScriptedRequest {
  readonly id: number;
  readonly request: KeylessRequest;
  readonly socket: Socket;
  /** Sends what a working key server would. */
  answer(): void;
}

export type Script = (request: ScriptedRequest) => void;

/** What every scripted key server "signs" with. */
function scriptedSignature(request: KeylessRequest): Uint8Array {
  if (request.operation === "sign-tls12") return new Uint8Array([0x12, ...request.clientRandom]);
  if (request.operation !== "sign-tls13") throw new TypeError(`no script for ${request.operation}`);
  const { transcript } = request;
  const signed = transcript.form === "hash" ? transcript.transcriptHash : transcript.handshakeMessages;
  return new Uint8Array([0x53, ...signed]);
}

/** Answers everything, as a working key server does. */
export const working: Script = ({ answer }) => answer();

/** {@link working} for pings, something else for operations. */
export function onOperations(script: Script): Script {
  return (request) => request.request.operation === "ping" ? request.answer() : script(request);
}

/** The PKI of one test: the edge's identity in files, key servers' identities at hand. */
export class KeylessTestPki implements AsyncDisposable {
  private constructor(readonly pki: DevelopmentPki, readonly folder: TemporaryFolder) {}

  static async create(): Promise<KeylessTestPki> {
    const self = new KeylessTestPki(await DevelopmentPki.create(), await TemporaryFolder.create());
    await writeRoots(self.folder.path, self.pki);
    await self.renewEdge();
    return self;
  }

  get identity(): IdentityFiles {
    return { certificate: this.folder.file("edge.pem"), privateKey: this.folder.file("edge.key") };
  }

  /** Writes a new edge identity over the old one. */
  async renewEdge(changes: Parameters<DevelopmentPki["edgeIdentity"]>[1] = {}): Promise<void> {
    await writeIdentity(
      this.folder.path,
      "edge",
      await this.pki.edgeIdentity("spiffe://holdfast.test/edge/pop1", changes),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }
}

export interface ScriptedKeyServerOptions {
  readonly script?: Script;
  readonly name?: string;
  /** Its certificate and key; by default one for its name. */
  readonly identity?: Identity;
  readonly alpnProtocols?: string[];
  /** A unix socket's path instead of TLS. */
  readonly path?: string;
}

/** The server. Its script may be changed at any time; it can be stopped and started again at the same address. */
export class ScriptedKeyServer implements AsyncDisposable {
  script: Script;
  readonly requests: KeylessRequest[] = [];
  readonly sockets = new Set<Socket>();
  accepted = 0;
  readonly endpoint: KeyServerEndpoint;
  readonly #makeServer: (onSocket: (socket: Socket) => void) => Server;
  #server: Server | undefined;

  private constructor(
    endpoint: KeyServerEndpoint,
    script: Script,
    makeServer: (onSocket: (socket: Socket) => void) => Server,
  ) {
    this.endpoint = endpoint;
    this.script = script;
    this.#makeServer = makeServer;
  }

  static async start(
    pki: KeylessTestPki,
    options: ScriptedKeyServerOptions = {},
  ): Promise<ScriptedKeyServer> {
    const server = await ScriptedKeyServer.prepare(pki, options);
    await server.start();
    return server;
  }

  /** Knows its address and does not listen yet. */
  static async prepare(
    pki: KeylessTestPki,
    options: ScriptedKeyServerOptions = {},
  ): Promise<ScriptedKeyServer> {
    const { script = working, name = "key-server.holdfast.test", path } = options;
    if (path !== undefined) return new ScriptedKeyServer({ path }, script, createPlainServer);
    const identity = options.identity ?? await pki.pki.keyServerIdentity(name);
    const host = ownLoopbackAddress();
    const endpoint = {
      name,
      address: { host, port: freePort(host) },
      ca: pki.folder.file("key-server-ca.pem"),
    };
    return new ScriptedKeyServer(endpoint, script, (onSocket) =>
      createTlsServer({
        cert: identity.certificatePem,
        key: identity.privateKeyPem,
        ca: [pki.pki.edges.certificatePem],
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: "TLSv1.3",
        ALPNProtocols: options.alpnProtocols ?? [keylessAlpn],
      }, (socket: TLSSocket) => onSocket(socket)));
  }

  async start(): Promise<void> {
    const server = this.#makeServer((socket) => this.#serve(socket));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    const { endpoint } = this;
    if ("path" in endpoint) server.listen(endpoint.path, resolve);
    else server.listen(endpoint.address.port, endpoint.address.host, resolve);
    await promise;
    server.on("tlsClientError", () => {});
    this.#server = server;
  }

  /** Dies: connections are gone and nobody listens. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #serve(socket: Socket): void {
    this.accepted++;
    this.sockets.add(socket);
    const reader = new FrameReader();
    let prefaceLeft = "path" in this.endpoint ? unixPreface.length : 0;
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("data", (data: Uint8Array) => {
      const chunk = plainBytes(data);
      const skipped = Math.min(prefaceLeft, chunk.length);
      prefaceLeft -= skipped;
      reader.push(chunk.subarray(skipped));
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) this.#run(frame, socket);
    });
  }

  #run(frame: Frame, socket: Socket): void {
    const request = decodeRequest({ ...frame, body: frame.body.slice() });
    this.requests.push(request);
    const { id } = frame;
    const answer = () => {
      socket.write(encodeAnswer(
        id,
        request.operation === "ping"
          ? { type: "pong" }
          : { type: "signature", signature: scriptedSignature(request) },
      ));
    };
    this.script({ id, request, socket, answer });
  }
}
