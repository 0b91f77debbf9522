import type { Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { formatAddress, type TcpAddress } from "../../shared/config/address.ts";
import { HoldfastError } from "../../shared/errors.ts";
import { watchFiles } from "../file_watch.ts";
import { listening } from "../listening.ts";
import { type OwnIdentity, readOwnIdentity } from "../own_identity.ts";
import { listenOnUnixSocket, peerUid } from "../unix_socket.ts";
import { adminApp } from "./admin_app.ts";
import type { AdminApiConfig } from "./admin_config.ts";
import { type Administrator, Administrators } from "./administrators.ts";
import { adminHttpServer, closeServer } from "./http_server.ts";
import type { AdminServices } from "./services.ts";
import { identityOfAdministrator } from "./tls_identity.ts";

/** A running admin API. Disposing closes its listeners and their connections. */
export interface AdminApi extends AsyncDisposable {
  /** Where it listens for mutual TLS, with the real port. */
  readonly address: TcpAddress | undefined;
}

const stranger: Administrator = { name: "unknown", role: undefined };

/** Serves the API wherever the configuration says. Throws ListenError and OwnIdentityError, with all closed again. */
export async function startAdminApi(config: AdminApiConfig, services: AdminServices): Promise<AdminApi> {
  await using parts = new AsyncDisposableStack();
  const app = adminApp(services);
  const administrators = new Administrators(config.administrators);
  if (config.unix !== undefined) {
    const server = adminHttpServer({ app, identify: byUid(administrators) });
    await listenOnUnixSocket(server, config.unix.path, config.unix.mode);
    parts.defer(() => closeServer(server));
  }
  let address: TcpAddress | undefined;
  if (config.tls !== undefined) {
    const { identity: files } = config.tls;
    const { host, port } = config.tls.address;
    const tls = contextOf(await readOwnIdentity(files));
    const server = adminHttpServer({ app, identify: byCertificate(administrators), tls });
    await listening(server, formatAddress(config.tls.address), (done) => server.listen(port, host, done));
    parts.defer(() => closeServer(server));
    parts.use(watchFiles(Object.values(files), () => void reload(server, files, services)));
    address = { host, port: (server.address() as AddressInfo).port };
  }
  const running = parts.move();
  return { address, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function byUid(administrators: Administrators): (socket: Socket) => Administrator {
  return (socket) => {
    const uid = peerUid(socket);
    return uid === undefined ? stranger : administrators.withUid(uid);
  };
}

/** Looked at again with each request: a connection may outlive its certificate. */
function byCertificate(administrators: Administrators): (socket: Socket) => Administrator {
  return (socket) => {
    const { authorized, getPeerCertificate } = socket as TLSSocket;
    const raw = authorized ? getPeerCertificate.call(socket)?.raw : undefined;
    const found = raw && identityOfAdministrator(new Uint8Array(raw));
    if (!found) return stranger;
    return found.notAfter > new Date()
      ? administrators.withIdentity(found.identity)
      : { name: found.identity, role: undefined };
  };
}

/** TLS 1.3 only, a certificate of the administrators' authority demanded. */
function contextOf(identity: OwnIdentity) {
  return {
    ...identity,
    minVersion: "TLSv1.3",
    requestCert: true,
    rejectUnauthorized: true,
    ALPNProtocols: ["http/1.1"],
    handshakeTimeout: 5000,
  } as const;
}

async function reload(
  server: Server,
  files: Parameters<typeof readOwnIdentity>[0],
  { log }: AdminServices,
): Promise<void> {
  try {
    const identity = contextOf(await readOwnIdentity(files));
    (server as Server & { setSecureContext(context: typeof identity): void }).setSecureContext(identity);
    log.info({ event: "admin-identity-reloaded" }, "the admin API's certificate and client CA read again");
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    log.error(
      { event: "admin-identity-reload-failed", reason: error.message },
      "the former one stays in use",
    );
  }
}
