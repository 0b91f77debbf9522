/**
 * Milliseconds that only grow, by which ticket keys age.
 *
 * Of the wall clock and the monotonic clock it goes with the one that runs faster: the monotonic one stands still while
 * the machine sleeps, the other can be set back. Either way a key may only become older than it is, never younger.
 */
export function keyClock(
  monotonic: () => number = () => performance.now(),
  wall: () => number = Date.now,
): () => number {
  let reading = 0;
  let monotonicBefore = monotonic();
  let wallBefore = wall();
  return () => {
    const monotonicNow = monotonic();
    const wallNow = wall();
    reading += Math.max(0, monotonicNow - monotonicBefore, wallNow - wallBefore);
    monotonicBefore = monotonicNow;
    wallBefore = wallNow;
    return reading;
  };
}
