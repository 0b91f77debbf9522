import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { AddressInfo, Socket } from "node:net";
import { createServer, type Server } from "node:https";
import { BoundedPeers } from "../../shared/bounded_peers.ts";
import type { TcpAddress } from "../../shared/config/address.ts";
import {
  decodeEnrolmentRequest,
  type EnrolmentAnswer,
  enrolmentPath,
  EnrolmentRequestError,
  maximumEnrolmentLength,
} from "../../shared/enrolment/enrolment_request.ts";
import type { Logger } from "../../shared/log.ts";
import { makeProblem, problemOf, problemResponse } from "../admin/problem.ts";
import { listening } from "../listening.ts";
import type { OwnIdentity } from "../own_identity.ts";
import { RefusalLog } from "../refusal_log.ts";
import type { EnrolmentService } from "./enrolment_service.ts";

/** Strangers at once: an enrolment takes one signature. */
const mostConnections = 64;
/** Milliseconds for a request's head, and for all of it. */
const timeouts = { headersTimeout: 5000, requestTimeout: 10_000, keepAliveTimeout: 1000 };
const limits = { maxHeaderSize: 8192, connectionsCheckingInterval: 1000 };

export interface EnrolmentListenerOptions {
  readonly address: TcpAddress;
  readonly identity: OwnIdentity;
  readonly service: EnrolmentService;
  /** Authorities for the edge to know key servers and other edges by, in DER. */
  readonly authorities: () => Pick<EnrolmentAnswer, "keyServerAuthorities" | "edgeAuthorities">;
  readonly log: Logger;
}

/** Enrolment over HTTPS, for edges that have no certificate yet: TLS 1.3, and the token says who they are. */
export class EnrolmentListener implements AsyncDisposable {
  readonly #options: EnrolmentListenerOptions;
  readonly #server: Server;
  readonly #refusals: RefusalLog;

  private constructor(options: EnrolmentListenerOptions) {
    this.#options = options;
    this.#refusals = new RefusalLog(options.log);
    const { fetch } = this.#routes();
    const serverOptions = { ...timeouts, ...limits, ...contextOf(options.identity) };
    this.#server = createAdaptorServer(
      { fetch, createServer, serverOptions } as Parameters<typeof createAdaptorServer>[0],
    ) as Server;
    const peers = new BoundedPeers<Socket>(mostConnections);
    this.#server.on("connection", (socket: Socket) => {
      socket.on("error", () => {});
      peers.makeRoom((oldest) => oldest.destroy());
      peers.add(socket);
      socket.once("close", () => peers.delete(socket));
    });
  }

  /** Resolves once it listens. Throws ListenError. */
  static async start(options: EnrolmentListenerOptions): Promise<EnrolmentListener> {
    const listener = new EnrolmentListener(options);
    const { host, port } = options.address;
    const server = listener.#server;
    await listening(server, `${host}:${port}`, (done) => server.listen(port, host, done));
    return listener;
  }

  /** Where it listens, with the real port. */
  get address(): TcpAddress {
    return { host: this.#options.address.host, port: (this.#server.address() as AddressInfo).port };
  }

  replaceIdentity(identity: OwnIdentity): void {
    this.#server.setSecureContext(contextOf(identity));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()));
    this.#server.closeAllConnections();
    await closed;
  }

  #routes(): Hono {
    const tooLarge = bodyLimit({
      maxSize: maximumEnrolmentLength,
      onError: () => {
        throw new EnrolmentRequestError("it is too long");
      },
    });
    return new Hono()
      .post(enrolmentPath, tooLarge, async (context) => {
        const body = new Uint8Array(await context.req.arrayBuffer());
        try {
          const { edge, chain } = await this.#options.service.enrol(decodeEnrolmentRequest(body));
          this.#options.log.info({ event: "edge-enrolled", edge }, "an edge has got its certificate");
          const answer = { edge, chain: chain.map((der) => der.toBase64()), ...this.#options.authorities() };
          return context.json(answer satisfies EnrolmentAnswer);
        } finally {
          body.fill(0);
        }
      })
      .notFound(() =>
        problemResponse(makeProblem("not-found", `Cannot find it: edges POST to ${enrolmentPath}`))
      )
      .onError((error) => this.#refuse(error));
  }

  #refuse(error: Error): Response {
    const problem = problemOf(error, this.#options.log);
    const { code, detail: reason } = problem;
    this.#refusals.write({ event: "enrolment-refused", code, reason }, "enrolment refused");
    return problemResponse(problem);
  }
}

function contextOf({ cert, key }: OwnIdentity) {
  return { cert, key, minVersion: "TLSv1.3" as const };
}
