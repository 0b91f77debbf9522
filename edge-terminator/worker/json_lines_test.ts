import assert from "node:assert/strict";
import fc from "fast-check";
import { workerMessageSchema } from "./control_messages.ts";
import { ControlLineError, jsonLine, readJsonLines } from "./json_lines.ts";

function streamOf(...chunks: Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(chunks);
}

Deno.test("values come out as they went in, wherever the pipe cuts them", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.jsonValue()), fc.array(fc.nat()), async (values, cuts) => {
    const text = new Uint8Array(await new Blob(values.map(jsonLine)).arrayBuffer());
    const ends = [...new Set([...cuts.map((cut) => cut % (text.length + 1)), text.length])].toSorted((a, b) =>
      a - b
    );
    const chunks = ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
    const read = await Array.fromAsync(readJsonLines(streamOf(...chunks)));
    assert.deepEqual(read, values.map((value) => JSON.parse(JSON.stringify(value))));
  }));
});

Deno.test("a line that is no JSON, or too long, is refused without a word of it", async () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const refused = (error: unknown) => error instanceof ControlLineError && !error.message.includes("secret");
  await assert.rejects(Array.fromAsync(readJsonLines(streamOf(bytes("{secret\n")))), refused);
  const endless = Array.from({ length: 10 }, () => bytes("secret"));
  await assert.rejects(Array.fromAsync(readJsonLines(streamOf(...endless), 20)), refused);
});

Deno.test("what no worker says is refused", () => {
  const report = { type: "report", id: 1, connections: 0, keyServers: [], metrics: [] };
  assert(workerMessageSchema.safeParse(report).success);
  for (
    const wrong of [
      null,
      "ready",
      { type: "steal" },
      { ...report, id: -1 },
      { ...report, connections: 1.5 },
      { ...report, metrics: [{ name: "x", help: "", type: "bomb", values: [] }] },
      {
        ...report,
        metrics: [{ name: "x", help: "", type: "counter", values: [{ value: "1", labels: {} }] }],
      },
      { ...report, keyServers: [{ name: "k" }] },
    ]
  ) {
    assert(!workerMessageSchema.safeParse(wrong).success, JSON.stringify(wrong));
  }
});
