import assert from "node:assert/strict";
import { HelpRequested, parseProcessArguments, UsageError } from "./arguments.ts";

const parse = (...argv: string[]) => parseProcessArguments("key-server", "Signs for edges.", argv);

function refusal(...argv: string[]): UsageError {
  try {
    parse(...argv);
  } catch (error) {
    assert(error instanceof UsageError);
    return error;
  }
  throw new assert.AssertionError({ message: `${argv.join(" ")} was accepted` });
}

Deno.test("--config and --check are parsed", () => {
  assert.deepEqual(parse("--config", "a.toml"), { config: "a.toml", check: false });
  assert.deepEqual(parse("--config=a.toml", "--check"), { config: "a.toml", check: true });
});

Deno.test("T22: a PIN or any secret on the command line is refused first, and its value is not repeated", () => {
  for (
    const argument of [
      "--pin=314159",
      "--pin",
      "--so-pin=314159",
      "--PIN=314159",
      "-pin=314159",
      "--password=314159",
    ]
  ) {
    const { message, exitCode } = refusal("--config", "a.toml", argument, "314159");
    assert.match(
      message,
      /^Cannot accept --?(so-)?(pin|password): .*file:PATH, env:NAME or credential:NAME$/i,
    );
    assert.doesNotMatch(message, /314159/);
    assert.equal(exitCode, 2);
  }
});

Deno.test("an unknown option is refused by name without its value", () => {
  assert.match(refusal("--config", "a", "--frobnicate=hunter2").message, /unknown option '--frobnicate'/);
  assert.doesNotMatch(refusal("--config", "a", "--frobnicate=hunter2").message, /hunter2/);
});

Deno.test("a missing --config, a missing value and a stray argument are refused", () => {
  assert.match(
    refusal().message,
    /^Cannot start key-server: required option '--config <file>' not specified/,
  );
  assert.match(refusal("--config").message, /argument missing/);
  assert.match(refusal("--config", "a", "stray").message, /too many arguments/);
});

Deno.test("--help gives the usage", () => {
  assert.throws(
    () => parse("--help"),
    (error) => error instanceof HelpRequested && /Usage: key-server/.test(error.text),
  );
});
