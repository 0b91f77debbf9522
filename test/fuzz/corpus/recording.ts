/** A recorded connection: what each side sent, in the clear or not, as the network saw it. */
export interface Recording {
  readonly name: string;
  /** Who talked, and how it was recorded. */
  readonly about: string;
  readonly fromClient: Uint8Array;
  readonly fromServer: Uint8Array;
}

const folder = new URL("./recordings/", import.meta.url);
const bytesPerLine = 48;

/** Writes a recording as text: `#` about, `>` hexadecimal of the client, `<` of the server. */
export async function writeRecording(recording: Recording): Promise<void> {
  const lines = [`# ${recording.about}`];
  for (const [mark, bytes] of [[">", recording.fromClient], ["<", recording.fromServer]] as const) {
    for (let at = 0; at < bytes.length; at += bytesPerLine) {
      lines.push(`${mark} ${bytes.subarray(at, at + bytesPerLine).toHex()}`);
    }
  }
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(new URL(`${recording.name}.txt`, folder), lines.join("\n") + "\n");
}

/** Every committed recording, by name. */
export function readRecordings(): Recording[] {
  const names = [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((name) =>
    name.endsWith(".txt")
  );
  return names.sort().map((name) => {
    const lines = Deno.readTextFileSync(new URL(name, folder)).split("\n");
    const bytes = (mark: string) =>
      Uint8Array.fromHex(lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(2)).join(""));
    const about = lines.find((line) => line.startsWith("# "))?.slice(2) ?? "";
    return { name: name.slice(0, -4), about, fromClient: bytes("> "), fromServer: bytes("< ") };
  });
}
