import Table from "cli-table3";

/** Plain text for people: a few accents on a terminal that wants them, none elsewhere. */
export class Screen {
  readonly #color = Deno.stdout.isTerminal() && (Deno.env.get("NO_COLOR") ?? "") === "" &&
    Deno.env.get("TERM") !== "dumb";
  readonly #width = Math.min(120, Math.max(80, columns()));

  heading(text: string): void {
    this.line();
    this.line(this.#accent("1", text));
  }

  line(text = ""): void {
    let rest = new TextEncoder().encode(`${text}\n`);
    while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
  }

  /** A check that was made and passed, or not. */
  check(passed: boolean, text: string): void {
    this.line(`  ${passed ? this.#accent("32", "ok  ") : this.#accent("31", "FAIL")}  ${text}`);
  }

  /** A command to copy. */
  command(text: string): void {
    this.line(`  ${this.#accent("36", text)}`);
  }

  /** A table as wide as the screen; `shares` are the columns' parts of the width. */
  table(head: readonly string[], rows: readonly (readonly string[])[], shares: readonly number[]): void {
    const total = shares.reduce((sum, share) => sum + share, 0);
    const room = this.#width - shares.length - 1;
    const table = new Table({
      head: [...head],
      colWidths: shares.map((share) => Math.floor(room * share / total)),
      wordWrap: true,
      style: { head: [], border: [], compact: false },
    });
    for (const row of rows) table.push([...row]);
    this.line(table.toString());
  }

  #accent(code: string, text: string): string {
    return this.#color ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

function columns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 100; // no terminal
  }
}
