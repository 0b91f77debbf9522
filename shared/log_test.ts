import assert from "node:assert/strict";
import { createLogger } from "./log.ts";

function records(level: "info" | "silent", log: (logger: ReturnType<typeof createLogger>) => void) {
  const lines: string[] = [];
  log(createLogger("edge-worker", level, (line) => lines.push(line)));
  return lines.map((line): Record<string, unknown> => JSON.parse(line));
}

Deno.test("a record is one line of JSON with time, level name and component", () => {
  const [record] = records("info", (logger) => logger.info({ event: "handshake" }, "done"));
  assert.equal(record?.level, "info");
  assert.equal(record?.component, "edge-worker");
  assert.equal(record?.event, "handshake");
  assert.equal(record?.msg, "done");
  assert.equal(new Date(String(record?.time)).toISOString(), record?.time);
});

Deno.test("values under a secret's name are redacted at each depth a record has", () => {
  const lines: string[] = [];
  const logger = createLogger("x", "info", (line) => lines.push(line));
  logger.info({ pin: "hunter2", token: { pin: "hunter2", inner: { privateKey: "hunter2" } } });
  assert.equal(lines.length, 1);
  assert.doesNotMatch(lines.join(), /hunter2/);
});

Deno.test("what an error carries under a secret's name is redacted too", () => {
  const [record] = records(
    "info",
    (logger) => logger.error({ err: Object.assign(new Error("x"), { pin: "hunter2" }) }),
  );
  assert.equal((record?.err as { pin: string }).pin, "[redacted]");
});

Deno.test("bytes are told by their length wherever they stand", () => {
  const [record] = records(
    "info",
    (logger) => logger.info({ a: new Uint8Array(32), b: [{ c: new ArrayBuffer(4) }], n: 1n }),
  );
  assert.equal(record?.a, "[32 bytes]");
  assert.deepEqual(record?.b, [{ c: "[4 bytes]" }]);
  assert.equal(record?.n, "1");
});

Deno.test("an error is logged with its message and stack", () => {
  const [record] = records("info", (logger) => logger.error({ err: new Error("broken") }, "failed"));
  const { message, stack } = record?.err as { message: string; stack: string };
  assert.equal(message, "broken");
  assert.match(stack, /log_test/);
});

Deno.test("a lower level, and every record of a silent logger, is left out", () => {
  assert.equal(records("info", (logger) => logger.debug("x")).length, 0);
  assert.equal(records("silent", (logger) => logger.error("x")).length, 0);
});
