/** Microseconds for one run of `operation`: the best of five rounds, so that other load on the machine matters least. */
export async function microseconds(operation: () => unknown, roundMilliseconds = 60): Promise<number> {
  const once = async (count: number) => {
    const start = performance.now();
    for (let index = 0; index < count; index++) {
      const result = operation();
      if (result instanceof Promise) await result;
    }
    return performance.now() - start;
  };
  await once(50); // compile
  const count = Math.max(10, Math.ceil(roundMilliseconds * 50 / Math.max(await once(50), 0.01)));
  let best = Infinity;
  for (let round = 0; round < 5; round++) best = Math.min(best, await once(count) * 1000 / count);
  return best;
}
