import { connect, type Socket } from "node:net";
import { HoldfastError } from "../../shared/errors.ts";
import { formatAddress, type SocketAddress } from "../../shared/config/address.ts";

/** A backend that does not take the connection. Code `backend-unreachable`. */
export class BackendError extends HoldfastError {
  constructor(address: SocketAddress, reason: string, options?: ErrorOptions) {
    super(
      "backend-unreachable",
      `Cannot connect to the backend ${formatAddress(address)}: ${reason}`,
      options,
    );
  }
}

/** Milliseconds that a backend has to accept a connection. */
const backendConnectDeadline = 5000;

/**
 * Every backend's bytes are read into this one buffer and handed on before the next read: a buffer for each read was a
 * fifth of the CPU time of a download, and as much again in garbage.
 */
const readBuffer = new Uint8Array(2 ** 16);

/**
 * A connection to a backend, opening. It may be written to at once: what is written waits until it is open. What it
 * sends is given to `receive` as a view that lasts as long as the call.
 *
 * When it is not open within `deadline` milliseconds it is destroyed with a {@link BackendError}, as it is with any
 * other error of its own.
 */
export function connectBackend(
  address: SocketAddress,
  receive: (data: Uint8Array) => void,
  deadline = backendConnectDeadline,
): Socket {
  const onread = {
    buffer: readBuffer,
    callback: (length: number, buffer: Uint8Array) => {
      receive(buffer.subarray(0, length));
      return true;
    },
  };
  const options = { allowHalfOpen: true, noDelay: true, onread };
  const socket = "path" in address
    ? connect({ path: address.path, ...options })
    : connect({ host: address.host, port: address.port, ...options });
  const timer = setTimeout(
    () => socket.destroy(new BackendError(address, `it did not answer within ${deadline} ms`)),
    deadline,
  );
  const settled = () => clearTimeout(timer);
  socket.once("connect", settled);
  socket.once("close", settled);
  return socket;
}
