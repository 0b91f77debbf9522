/**
 * Whether any of some files is another than at the last look: written, replaced (by a symbolic link's new target too),
 * gone, come, or with another mode. It looks when asked, with a stat of each; who asks, and how often, is the caller's.
 */
export class FileWatch {
  readonly #paths: readonly string[];
  #seen: string;

  /** Looks for the first time. Read the files after this, not before, so that no change falls in between. */
  constructor(paths: readonly string[]) {
    this.#paths = paths;
    this.#seen = appearanceOf(paths);
  }

  /** True once for each change. */
  hasChanged(): boolean {
    const appearance = appearanceOf(this.#paths);
    if (appearance === this.#seen) return false;
    this.#seen = appearance;
    return true;
  }

  /** The next look finds a change, whatever it sees. */
  forget(): void {
    this.#seen = "";
  }
}

function appearanceOf(paths: readonly string[]): string {
  return paths.map((path) => {
    try {
      const { dev, ino, size, mode, mtime, ctime } = Deno.statSync(path);
      return [dev, ino, size, mode, mtime?.getTime(), ctime?.getTime()].join();
    } catch {
      return "absent";
    }
  }).join(";");
}
