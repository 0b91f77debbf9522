import { join } from "node:path";

/** A folder of mode 0700 that is removed, with all in it, on disposal. */
export class TemporaryFolder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async create(prefix = "holdfast-"): Promise<TemporaryFolder> {
    return new TemporaryFolder(await Deno.makeTempDir({ prefix }));
  }

  /** A path in the folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
