import { connect } from "node:tls";
import type { Endpoint } from "../harness/clients/negotiated.ts";

/** One full handshake of a load. Instants in milliseconds, as Date.now has them. */
export interface LoadedHandshake {
  readonly begun: number;
  /** The serial number of the certificate that was shown; undefined: it failed. */
  readonly serial: string | undefined;
  readonly failure: string | undefined;
}

/** Full handshakes at edges, verified, one after the other in so many lanes each, until it is stopped. */
export class HandshakeLoad {
  readonly handshakes: LoadedHandshake[] = [];
  readonly #lanes: Promise<void>[];
  #stopped = false;

  /** `roots` in PEM. */
  constructor(endpoints: readonly Endpoint[], roots: readonly string[], lanes: number) {
    this.#lanes = endpoints.flatMap((endpoint) =>
      Array.from({ length: lanes }, () => this.#run(endpoint, roots))
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#lanes);
  }

  async #run(endpoint: Endpoint, roots: readonly string[]): Promise<void> {
    while (!this.#stopped) this.handshakes.push(await handshake(endpoint, roots));
  }
}

function handshake({ host, port, serverName }: Endpoint, roots: readonly string[]): Promise<LoadedHandshake> {
  const begun = Date.now();
  const { promise, resolve } = Promise.withResolvers<LoadedHandshake>();
  const socket = connect({ host, port, servername: serverName, ca: [...roots], ALPNProtocols: ["http/1.1"] });
  socket.setTimeout(30_000, () => socket.destroy(new Error("no end within 30 s")));
  socket.once("secureConnect", () => {
    resolve({ begun, serial: socket.getPeerCertificate().serialNumber.toLowerCase(), failure: undefined });
    socket.destroy();
  });
  socket.once("error", (error) => resolve({ begun, serial: undefined, failure: error.message }));
  socket.once("close", () => resolve({ begun, serial: undefined, failure: "closed" }));
  return promise;
}
