import type { Installation } from "../../harness/installation.ts";
import { TemporaryFolder } from "../../harness/temporary_folder.ts";
import { LoadProgram } from "../load/load_program.ts";
import type { Absentee, Contender, ContenderName, Setup } from "./contender.ts";
import { Edge } from "./edge.ts";
import { startHitch } from "./hitch.ts";
import { startNginx, startNginxPkcs11 } from "./nginx.ts";
import { createInstallation } from "./site.ts";

const starters: Record<ContenderName, (installation: Installation, setup: Setup) => Promise<Contender>> = {
  "edge": Edge.start,
  "nginx": startNginx,
  "hitch": startHitch,
  "nginx+pkcs11": startNginxPkcs11,
};

/** Contenders of one setup, with the same keys, in front of one backend. */
export class Stage implements AsyncDisposable {
  private constructor(
    readonly load: LoadProgram,
    readonly contenders: readonly Contender[],
    readonly absent: readonly Absentee[],
    readonly parts: AsyncDisposableStack,
  ) {}

  static async start(setup: Setup, names: readonly ContenderName[]): Promise<Stage> {
    await using parts = new AsyncDisposableStack();
    const load = await LoadProgram.build();
    const folder = parts.use(await TemporaryFolder.create());
    const installation = await createInstallation(folder.path);
    parts.use(await load.startBackend(installation.address("backend")));
    const contenders: Contender[] = [];
    const absent: Absentee[] = [];
    for (const name of names) {
      try {
        const contender = parts.use(await starters[name](installation, setup));
        await tryOut(load, contender);
        contenders.push(contender);
      } catch (error) {
        // The edge is what this is about; a peer may be missing.
        if (name === "edge") throw error;
        absent.push({ name, reason: (error as Error).message });
      }
    }
    return new Stage(load, contenders, absent, parts.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts.disposeAsync();
  }
}

/** A handshake with each certificate: what starts may still be unable to sign. */
async function tryOut(load: LoadProgram, contender: Contender): Promise<void> {
  for (const certificate of ["ecdsa", "rsa"] as const) {
    const run = await load.handshakes(contender.target(certificate), {
      version: "1.3",
      concurrency: 1,
      seconds: 5,
      count: 1,
    });
    const { handshakes, failure } = await run.go();
    if (handshakes !== 1) throw new Error(`no handshake with ${certificate}: ${failure}`);
  }
}
