/** For arrivals.ts: tells of each arrival at its time. */
import type { ArrivalsJob } from "./arrivals.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<ArrivalsJob>) => void;
  postMessage(message: string): void;
};

scope.onmessage = ({ data: { come, times } }) => {
  const now = () => performance.timeOrigin + performance.now();
  const never = new Int32Array(new SharedArrayBuffer(4));
  for (let next = 0; next < times.length;) {
    const early = times[next]! - now();
    if (early > 0) Atomics.wait(never, 0, 0, early);
    for (; next < times.length && times[next]! <= now(); next++);
    Atomics.store(come, 0, next);
    Atomics.notify(come, 0);
  }
};
scope.postMessage("ready");
