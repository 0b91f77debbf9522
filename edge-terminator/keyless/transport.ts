import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { keylessAlpn, unixPreface } from "../../shared/keyless_protocol/frame.ts";
import type { KeyServerEndpoint, TlsEndpoint, UnixEndpoint } from "./endpoint.ts";
import { ChannelError } from "./errors.ts";
import { IdentityError, type IdentityFiles, loadAuthorities, loadIdentity } from "./identity.ts";

/** A connected byte stream to a key server, its peer authenticated; whether it accepts us is not known yet. */
export interface Transport {
  readonly socket: Socket;
  /** When the first certificate of either side ends, in milliseconds since the epoch; Infinity without TLS. */
  readonly endsAt: number;
}

/** What is spoken over a connection: the name that ALPN agrees on, or what comes first on a unix socket. */
export interface TransportProtocol {
  readonly alpn: string;
  readonly preface: Uint8Array;
}

const keyless: TransportProtocol = { alpn: keylessAlpn, preface: unixPreface };

/**
 * Connects to a key server. The identity and the authorities are read from their files each time.
 *
 * `signal` gives up. Throws {@link ChannelError}; leaves no socket behind then.
 */
export function openTransport(
  endpoint: KeyServerEndpoint,
  identityFiles: IdentityFiles,
  signal: AbortSignal,
  protocol: TransportProtocol = keyless,
): Promise<Transport> {
  return "path" in endpoint
    ? openUnix(endpoint, signal, protocol)
    : openTls(endpoint, identityFiles, signal, protocol);
}

async function openUnix(
  endpoint: UnixEndpoint,
  signal: AbortSignal,
  { preface }: TransportProtocol,
): Promise<Transport> {
  const socket = begin(() => connectPlain({ path: endpoint.path }));
  await connected(socket, "connect", signal);
  socket.write(preface);
  return { socket, endsAt: Infinity };
}

async function openTls(
  endpoint: TlsEndpoint,
  identityFiles: IdentityFiles,
  signal: AbortSignal,
  { alpn }: TransportProtocol,
): Promise<Transport> {
  const { identity, ca } = await readFiles(endpoint, identityFiles);
  if (identity.notAfter <= Date.now()) {
    throw new ChannelError("identity-unusable", "the edge's own certificate has expired");
  }
  const socket = begin(() =>
    connectTls({
      host: endpoint.address.host,
      port: endpoint.address.port,
      servername: endpoint.name,
      ca,
      cert: identity.certificate,
      key: identity.privateKey,
      ALPNProtocols: [alpn],
      minVersion: "TLSv1.3",
    })
  );
  socket.setNoDelay(true);
  await connected(socket, "secureConnect", signal);
  return { socket, endsAt: Math.min(identity.notAfter, checkPeer(socket, alpn)) };
}

/** A connection that is not permitted (Deno's --allow-net; --allow-read and --allow-write for a path) throws at once. */
function begin<T>(connect: () => T): T {
  try {
    return connect();
  } catch (error) {
    throw connectionError("connect-failed", error as Error);
  }
}

async function readFiles(endpoint: TlsEndpoint, identityFiles: IdentityFiles) {
  try {
    return { identity: await loadIdentity(identityFiles), ca: await loadAuthorities(endpoint.ca) };
  } catch (error) {
    if (error instanceof IdentityError) {
      throw new ChannelError("identity-unusable", error.reason, { cause: error });
    }
    throw error;
  }
}

/** What `node:tls` does not check by itself; returns the end of the key server's certificate. */
function checkPeer(socket: TLSSocket, alpn: string): number {
  const notAfter = Date.parse(socket.getPeerCertificate().valid_to);
  const refusal = !socket.authorized
    ? new ChannelError("connect-failed", "its certificate is not authorised")
    // Deno's TLS accepts a peer that negotiates no protocol; the version would be anyone's guess then.
    : socket.alpnProtocol !== alpn
    ? new ChannelError("alpn-missing", `it did not negotiate ${alpn}`)
    : Number.isNaN(notAfter)
    ? new ChannelError("connect-failed", "the end of its certificate cannot be read")
    : undefined;
  if (refusal === undefined) return notAfter;
  socket.destroy();
  throw refusal;
}

/** Settles with the socket's first event of interest; destroys it unless that is `event`. */
async function connected(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onError = (error: Error) => reject(connectionError("connect-failed", error));
  const onClose = () =>
    reject(new ChannelError("connect-failed", "it closed the connection during the handshake"));
  const onAbort = () =>
    reject(new ChannelError("connect-timeout", "it did not accept the connection in time"));
  socket.once(event, resolve).on("error", onError).once("close", onClose);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    await promise;
  } catch (error) {
    // Errors that come after the first one have nobody to tell, and must not be uncaught.
    socket.on("error", () => {});
    socket.destroy();
    throw error;
  } finally {
    socket.off(event, resolve).off("error", onError).off("close", onClose);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Names a socket's error by its code and words; an alert from the key server means that it refuses this edge. */
export function connectionError(code: "connect-failed" | "closed-by-key-server", error: Error): ChannelError {
  const errorCode = "code" in error ? String(error.code) : error.name;
  const refused = errorCode.includes("_ALERT_");
  return new ChannelError(refused ? "edge-refused" : code, `${error.message} (${errorCode})`, {
    cause: error,
  });
}
