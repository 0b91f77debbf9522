import type { Socket } from "node:net";

/** Milliseconds that a client has to take our last bytes and close. */
const lingerTime = 2000;
/** Bytes of a client's that are thrown away at most while we wait for it to close. */
const lingerBytes = 256 * 1024;

/**
 * Closes so that the client can read our last bytes, an alert above all: a close with bytes of the client's unread would
 * send a RST, and a RST throws away what the client has not read yet. So our side ends first, then what the client still
 * sends is read and dropped for a moment.
 */
export function closeLingering(socket: Socket): void {
  if (socket.destroyed) return;
  let dropped = 0;
  socket.removeAllListeners("data");
  socket.on("data", (data: Uint8Array) => {
    dropped += data.length;
    if (dropped > lingerBytes) socket.destroy();
  });
  const timer = setTimeout(() => socket.destroy(), lingerTime);
  socket.once("close", () => clearTimeout(timer));
  socket.resume();
  socket.end();
}
