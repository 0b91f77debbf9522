import assert from "node:assert/strict";
import { z } from "zod";
import { tcpAddressSchema } from "./address.ts";
import { adminSectionSchema, logSectionSchema } from "./common_sections.ts";
import { ConfigError } from "./errors.ts";
import { loadConfig, parseConfig } from "./load.ts";
import { secretSourceSchema } from "./secret_source.ts";

const schema = z.strictObject({
  workers: z.int().min(0).default(0),
  listen: z.strictObject({ address: tcpAddressSchema }),
  limits: z.strictObject({ connections: z.int().min(1), in_flight: z.int() }).optional(),
  site: z.array(z.strictObject({ names: z.array(z.string()).min(1), backend: z.string() })).default([]),
  upstream: z.union([
    z.strictObject({ address: z.string() }),
    z.strictObject({ unix: z.string(), uid: z.int() }),
  ])
    .optional(),
  either: z.union([z.string(), z.int()]).optional(),
  pin: secretSourceSchema.optional(),
  log: logSectionSchema,
  admin: adminSectionSchema.optional(),
});

function problemsIn(text: string): ConfigError {
  try {
    parseConfig(text, "edge.toml", schema);
  } catch (error) {
    assert(error instanceof ConfigError);
    return error;
  }
  throw new assert.AssertionError({ message: "the configuration was accepted" });
}

Deno.test("a valid configuration is parsed, with its defaults", () => {
  const config = parseConfig(
    '[listen]\naddress = "[::1]:8443"\n[[site]]\nnames = ["a"]\nbackend = "b"',
    "f",
    schema,
  );
  assert.deepEqual(config.listen.address, { host: "::1", port: 8443 });
  assert.equal(config.workers, 0);
  assert.equal(config.log.level, "info");
  assert.equal(config.site[0]?.backend, "b");
});

Deno.test("a wrong type is told with file, line, dotted key, the value's shape and what was expected", () => {
  const error = problemsIn(
    '# limits below\n[listen]\naddress = "a:1"\n\n[limits]\nconnections = "abc"\nin_flight = 1\n',
  );
  assert.equal(
    error.message,
    "Cannot load edge.toml: line 6: limits.connections is a string of 3 characters; expected number",
  );
  assert.equal(error.code, "invalid-config");
});

Deno.test("a number that is none, infinite or too large is told as such", () => {
  for (
    const [value, words] of [
      ["1e999", "is an infinite number (inf, or one too large); expected a finite number"],
      ["-inf", "is an infinite number (inf, or one too large); expected a finite number"],
      ["nan", "is not a number (nan); expected a finite number"],
      ["1.5", "is a decimal number; expected int"],
    ]
  ) {
    const { problems } = problemsIn(`workers = ${value}\n[listen]\naddress = "a:1"`);
    assert.deepEqual(problems.map(({ key, text }) => [key, text]), [["workers", words]]);
  }
});

Deno.test("an unknown key is refused with the nearest known name, inside an array of tables too", () => {
  const error = problemsIn(
    '[listen]\naddress = "a:1"\n[[site]]\nnames=["a"]\nbackend="b"\n[[site]]\nnames=["a"]\nbakend="b"',
  );
  assert.deepEqual(error.problems.map(({ line, key, text }) => [line, key, text]), [
    [6, "site[1].backend", "is missing; expected string"],
    [8, "site[1].bakend", 'is not a known key; did you mean "backend"?'],
  ]);
});

Deno.test("an unknown key that is like no other is told the keys known there", () => {
  const [problem] = problemsIn('[listen]\naddress = "a:1"\nzzzzzzzzzz = 1').problems;
  assert.equal(problem?.text, "is not a known key; known here: address");
});

Deno.test("every problem of a file is told at once", () => {
  const error = problemsIn('workers = -1\n[listen]\naddress = "nowhere"\n[log]\nlevel = "loud"');
  assert.deepEqual(error.problems.map(({ line, key }) => [line, key]), [
    [1, "workers"],
    [3, "listen.address"],
    [5, "log.level"],
  ]);
  assert.match(
    error.message,
    /^Cannot load edge.toml: 3 problems\n {2}edge.toml:1: workers is an integer; expected >=0\n/,
  );
  assert.match(error.message, /one of "trace"\|"debug"/);
});

Deno.test("a union tells the problem of the form that was nearly met, or names all forms", () => {
  const near = problemsIn(
    'either = true\n[listen]\naddress = "a:1"\n[upstream]\nunix = "/run/x"\nuid = "root"',
  );
  assert.deepEqual(
    near.problems.map(({ key, text }) => [key, text]),
    [
      ["upstream.uid", "is a string of 4 characters; expected number"],
      ["either", "is a boolean; expected string or number"],
    ].toSorted((a, b) => Number(a[0] === "either") - Number(b[0] === "either")),
  );
});

Deno.test("a secret written in place of its source is told by its length only", () => {
  const error = problemsIn('pin = "hunter2-hunter2"\n[listen]\naddress = "a:1"');
  assert.match(
    error.message,
    /pin is a string of 15 characters; expected file:PATH, env:NAME or credential:NAME/,
  );
  assert.doesNotMatch(error.message, /hunter2/);
});

Deno.test("a TOML mistake is told with its line, without the text around it", () => {
  const error = problemsIn('pin = "file:x"\npassword = hunter2\n');
  assert.equal(error.problems[0]?.line, 2);
  assert.match(error.message, /^Cannot load edge.toml: line 2: is not valid TOML: /);
  assert.doesNotMatch(error.message, /hunter2/);
});

Deno.test("a missing file is told by name", async () => {
  await assert.rejects(loadConfig("/nonexistent/edge.toml", schema), {
    code: "invalid-config",
    message: "Cannot load /nonexistent/edge.toml: there is no such file",
  });
});
