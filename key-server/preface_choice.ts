import type { Socket } from "node:net";
import { concatenate } from "../shared/codec/concatenate.ts";

/**
 * Waits until a stream's first bytes tell which of some prefaces it begins with, and gives them back to the stream, so that
 * whoever is chosen reads them itself. Of none: the first of `prefaces` is chosen, whose reader will refuse them.
 */
export function onPreface(
  socket: Socket,
  prefaces: readonly [Uint8Array, ...Uint8Array[]],
  choose: (preface: Uint8Array) => void,
): void {
  let read: Uint8Array = new Uint8Array(0);
  const look = (chunk: Uint8Array) => {
    read = concatenate([read, chunk]);
    const [first, ...others] = prefaces.filter((preface) => agree(preface, read));
    const mayBeMore = others.length > 0 || (first !== undefined && first.length > read.length);
    if (mayBeMore) return;
    socket.pause();
    socket.off("data", look).off("end", giveUp);
    socket.unshift(read);
    choose(first ?? prefaces[0]);
    socket.resume();
  };
  const giveUp = () => socket.destroy();
  socket.on("data", look).once("end", giveUp);
}

/** As far as both go. */
function agree(one: Uint8Array, other: Uint8Array): boolean {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) if (one[index] !== other[index]) return false;
  return true;
}
