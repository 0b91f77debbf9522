/**
 * Enters a sandbox and becomes another program: `launch.ts SANDBOX... -- COMMAND [ARG...]`.
 *
 * Landlock binds one thread and what it starts or becomes. Deno has threads before our first statement, so this one, the
 * main thread, is bound, and the exec ends the others. Only --allow-ffi is needed.
 */
import { execute, LandlockRuleset, landlockVersion } from "../libc/landlock.ts";
import { forbidNewPrivileges } from "../libc/process_protection.ts";
import { HoldfastError } from "../errors.ts";
import { landlockRules, rightsToFiles, rightsToOwnProcess } from "./landlock_rules.ts";
import { parseSandboxArguments, type Sandbox } from "./sandbox.ts";

function enter(sandbox: Sandbox): void {
  const version = landlockVersion();
  if (version === 0) return; // `holdfast doctor` and the log of whoever starts this say so
  const { attributes, paths, ports } = landlockRules(sandbox, version);
  using ruleset = new LandlockRuleset(attributes);
  for (const { path, access } of paths) ruleset.allowPath(path, access, rightsToFiles);
  ruleset.allowOwnProcess(rightsToOwnProcess);
  for (const { port, access } of ports) ruleset.allowPort(port, access);
  forbidNewPrivileges();
  ruleset.restrictThread();
}

const { sandbox, rest: [command = "", ...args] } = parseSandboxArguments(Deno.args);
try {
  enter(sandbox);
  execute(command, args);
} catch (error) {
  if (!(error instanceof HoldfastError)) throw error;
  Deno.stderr.writeSync(new TextEncoder().encode(`${error.message}\n`));
  Deno.exit(126);
}
