import { dirname, resolve } from "node:path";

/** Milliseconds of quiet after which changed files count as complete. */
const settleTime = 200;

/**
 * Calls `onChange` after one of the files was written or replaced. Watches their folders, since a replaced file is a
 * new one. Disposing ends it.
 */
export function watchFiles(paths: readonly string[], onChange: () => void): Disposable {
  const files = new Set(paths.map((path) => resolve(path)));
  const watcher = Deno.watchFs([...new Set([...files].map((path) => dirname(path)))], { recursive: false });
  let timer: ReturnType<typeof setTimeout> | undefined;
  void (async () => {
    for await (const event of watcher) {
      if (event.kind === "access" || !event.paths.some((path) => files.has(path))) continue;
      clearTimeout(timer);
      timer = setTimeout(onChange, settleTime);
    }
  })();
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      watcher.close();
    },
  };
}
