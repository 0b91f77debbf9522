import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { poll } from "../test/harness/poll.ts";
import { TemporaryFolder } from "../test/harness/temporary_folder.ts";
import { onPreface } from "./preface_choice.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const [one, other] = [bytes("holdfast/1\n"), bytes("holdfast-control/1\n")];

interface Seen {
  readonly chosen: string[];
  text: string;
  closed: boolean;
}

/** What the chosen reader sees of a client that writes `chunks`, each by itself, and closes when told to. */
async function seen(
  chunks: readonly string[],
  closes: boolean,
  until: (seen: Seen) => boolean,
): Promise<Seen> {
  await using folder = await TemporaryFolder.create();
  const result: Seen = { chosen: [], text: "", closed: false };
  let accepted: Socket | undefined;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted = socket;
    socket.on("close", () => result.closed = true);
    onPreface(socket, [one, other], (preface) => {
      result.chosen.push(new TextDecoder().decode(preface));
      socket.on("data", (chunk: Uint8Array) => result.text += new TextDecoder().decode(chunk));
    });
  });
  await new Promise<void>((resolve) => server.listen(folder.file("s"), resolve));
  const client = connect({ path: folder.file("s") });
  client.on("error", () => {});
  await new Promise((resolve) => client.once("connect", resolve));
  for (const chunk of chunks) {
    await new Promise<unknown>((resolve) => client.write(bytes(chunk), resolve));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  if (closes) client.end();
  try {
    await poll("what was expected", () => until(result));
    return result;
  } finally {
    client.destroy();
    accepted?.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

const cuts: Record<string, readonly string[]> = {
  "whole, with more": ["holdfast/1\nREST"],
  "byte by byte": [..."holdfast/1\n", "RE", "ST"],
  "of the other protocol": ["holdfast-control/1\nREST"],
  "of the other protocol, byte by byte": [..."holdfast-control/1\nREST"],
};

for (const [what, chunks] of Object.entries(cuts)) {
  Deno.test(`a preface is told by its bytes and given back: ${what}`, async () => {
    const all = chunks.join("");
    const { chosen } = await seen(chunks, false, ({ text }) => text === all);
    assert.deepEqual(chosen, [all.slice(0, -4)]);
  });
}

Deno.test("bytes that begin no preface go to the first one's reader, who refuses them", async () => {
  const { chosen } = await seen(["holdfast/2\n"], false, ({ text }) => text === "holdfast/2\n");
  assert.deepEqual(chosen, ["holdfast/1\n"]);
});

Deno.test("a peer that leaves before it has said which protocol it speaks is closed", async () => {
  const { chosen } = await seen(["hold"], true, ({ closed }) => closed);
  assert.deepEqual(chosen, []);
});
