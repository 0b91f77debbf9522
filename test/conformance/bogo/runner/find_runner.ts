import { join } from "node:path";
import { mustRun } from "../../../harness/command.ts";

/** BoringSSL's runner: never in this repository, always from outside. */
export interface Runner {
  readonly program: string;
  /** Where it is run; its keys and certificates are inside of it. */
  readonly folder: string;
}

const buildDeadline = 600_000;

/** The runner that the environment names, or one built into `folder` out of the checkout that it names. */
export async function findRunner(folder: string): Promise<Runner> {
  const program = Deno.env.get("BOGO_RUNNER");
  if (program) return { program: await Deno.realPath(program), folder };
  const checkout = Deno.env.get("BORINGSSL_DIR");
  if (!checkout) {
    throw new Error(
      "Cannot find BoringSSL's runner: set BOGO_RUNNER to its binary, or BORINGSSL_DIR to a checkout of google/boringssl",
    );
  }
  const source = join(checkout, "ssl/test/runner");
  const built = join(folder, "runner");
  // Its own options read `go test -c`: the runner is a test of its package.
  await mustRun("go", ["-C", source, "test", "-c", "-o", built], { deadline: buildDeadline });
  return { program: built, folder: source };
}
