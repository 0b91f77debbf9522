import { clearTimeout, setTimeout } from "node:timers";
import type { TLSSocket } from "node:tls";
import { controlAlpn, encodeFrame } from "../shared/control_protocol/frame.ts";
import { encodeAnswer } from "../shared/keyless_protocol/answers.ts";
import { connectionId, keylessAlpn } from "../shared/keyless_protocol/frame.ts";
import { replicationAlpn } from "./registry/replication/messages.ts";

/** Milliseconds that a peer has to read why it is refused. */
const grace = 500;

/** Tells a peer why it is refused, in the protocol that it has negotiated, and closes. */
export function turnAway(socket: TLSSocket, reason: string): void {
  const lastWord = lastWordTo(socket, reason);
  if (lastWord === undefined) return void socket.destroy();
  socket.end(lastWord);
  // What it sends meanwhile is dropped, so that no reset takes our word away.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), grace);
  socket.once("close", () => clearTimeout(timer));
}

function lastWordTo({ alpnProtocol }: TLSSocket, reason: string): Uint8Array | undefined {
  switch (alpnProtocol) {
    case keylessAlpn:
      return encodeAnswer(connectionId, { type: "error", code: "not-authorised", reason });
    case controlAlpn:
    case replicationAlpn:
      return encodeFrame({ type: "refused", reason: reason.slice(0, 1000) });
    default:
      return undefined;
  }
}
