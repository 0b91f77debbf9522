/** What people and programs see. */
const encoder = new TextEncoder();

type Stream = typeof Deno.stdout | typeof Deno.stderr;

/** Whether a stream takes colours: a terminal, unless NO_COLOR or TERM=dumb says otherwise (no-color.org). */
export function hasColors(stream: Stream): boolean {
  return stream.isTerminal() && (Deno.env.get("NO_COLOR") ?? "") === "" && Deno.env.get("TERM") !== "dumb";
}

export function print(text: string): void {
  write(Deno.stdout, text.endsWith("\n") ? text : `${text}\n`);
}

export function printBytes(bytes: Uint8Array): void {
  writeBytes(Deno.stdout, bytes);
}

export function complain(text: string): void {
  write(Deno.stderr, text.endsWith("\n") ? text : `${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

const accents = { bold: "1", red: "31", green: "32", yellow: "33", dim: "2" } as const;

/** A text that stands out on a terminal, and is plain elsewhere. */
export function accent(name: keyof typeof accents, text: string, stream: Stream = Deno.stdout): string {
  return hasColors(stream) ? `\x1b[${accents[name]}m${text}\x1b[0m` : text;
}

/** Columns without lines between them, so that grep and awk can read them too. */
export async function table(head: readonly string[], rows: readonly (readonly string[])[]): Promise<string> {
  const { default: Table } = await import("cli-table3");
  const none = { "top": "", "top-mid": "", "top-left": "", "top-right": "", "bottom": "", "bottom-mid": "" };
  const lines = new Table({
    head: head.map((title) => accent("bold", title.toUpperCase())),
    chars: {
      ...none,
      "bottom-left": "",
      "bottom-right": "",
      "left": "",
      "left-mid": "",
      "mid": "",
      "mid-mid": "",
      "right": "",
      "right-mid": "",
      "middle": "  ",
    },
    style: { "head": [], "border": [], "padding-left": 0, "padding-right": 0 },
  });
  for (const row of rows) lines.push([...row]);
  return lines.toString().replace(/[ ]+$/gm, "");
}

/** Names and values below each other. */
export function fields(entries: readonly (readonly [string, string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) =>
    `${accent("dim", name.padEnd(width))}  ${value.replaceAll("\n", `\n${" ".repeat(width + 2)}`)}`
  ).join("\n");
}

function write(stream: Stream, text: string): void {
  writeBytes(stream, encoder.encode(text));
}

/** A pipe that was closed (`| head`) ends the command as it ends others. */
function writeBytes(stream: Stream, bytes: Uint8Array): void {
  try {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(stream.writeSync(rest));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    Deno.exit(0);
  }
}
