/**
 * Asks `probe` again and again until it answers something other than undefined or false; throws after `deadline`
 * milliseconds, saying what was awaited. A probe that throws has not answered yet.
 */
export async function poll<T>(
  awaited: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  deadline = 15_000,
): Promise<T> {
  const end = performance.now() + deadline;
  let lastError: unknown;
  for (let pause = 2; performance.now() < end; pause = Math.min(pause * 1.5, 50)) {
    try {
      const answer = await probe();
      if (answer !== undefined && answer !== false) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  throw new Error(`Cannot go on: no ${awaited} within ${deadline} ms`, { cause: lastError });
}
