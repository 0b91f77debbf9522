const folder = new URL("./regressions/", import.meta.url);

/**
 * Inputs that once were findings: `regressions/TARGET.txt`, one a line in hexadecimal, with `#` lines that say what
 * went wrong.
 */
export function readRegressions(target: string): Uint8Array[] {
  try {
    const lines = Deno.readTextFileSync(new URL(`${target}.txt`, folder)).split("\n");
    return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) =>
      Uint8Array.fromHex(line)
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
