import type { Check } from "../../shared/doctor/report.ts";
import type { TokenConfig } from "../config.ts";
import { tokenError } from "../token/errors.ts";
import type { ReadPin } from "../token/login.ts";
import type { Pkcs11Module } from "../token/module.ts";
import { findSlot } from "../token/slot.ts";
import { Token } from "../token/token.ts";
import { TokenCaller } from "../token/token_calls.ts";
import { readKeys } from "./read_keys.ts";
import { factChecks, keyChecks, mechanismCheck } from "./token_checks.ts";
import { readMechanisms, readTokenFacts } from "./token_facts.ts";
import type { KeyReport, MechanismReport, TokenFacts, TokenReport } from "./token_report.ts";

/** A token as the configuration has it, and how to get its PIN. */
export interface TokenToExamine extends Pick<TokenConfig, "uri" | "sessions" | "patience"> {
  readonly uriText: string;
  readonly readPin: ReadPin | undefined;
}

type Findings = Pick<TokenReport, "mechanisms" | "keys" | "checks"> & { readonly facts?: TokenFacts };

/**
 * Looks at a token whose module nobody else in this process uses: what it says of itself without a login, and with one
 * each of its keys. Logs in once at most. What fails is a check, never a throw.
 */
export async function examineToken(
  module: Pkcs11Module,
  { uri, uriText, sessions, patience, readPin }: TokenToExamine,
): Promise<TokenReport> {
  const report = (findings: Findings): TokenReport => ({ uri: uriText, module: module.path, ...findings });
  let facts: TokenFacts;
  let mechanisms: MechanismReport[];
  using caller = new TokenCaller(module.addon, module.path, patience);
  try {
    const slot = await findSlot(caller.calls, uri);
    facts = await readTokenFacts(caller.calls, slot);
    mechanisms = await readMechanisms(caller.calls, slot);
  } catch (error) {
    return report({ mechanisms: [], keys: [], checks: [failure("token", error)] });
  }
  const { keys, checks } = await examineKeys(module, { uri, sessions: 1, patience, readPin }, facts);
  return report({
    facts,
    mechanisms,
    keys,
    checks: [...factChecks(facts, sessions), ...mechanisms.map(mechanismCheck), ...checks],
  });
}

function failure(name: string, error: unknown, mend?: string): Check {
  const detail = tokenError("examine the token", error).message;
  return { name, state: "off", detail, ...mend !== undefined && { mend } };
}

async function examineKeys(
  module: Pkcs11Module,
  options: Pick<TokenToExamine, "uri" | "sessions" | "patience" | "readPin">,
  { loginRequired }: TokenFacts,
): Promise<{ keys: KeyReport[]; checks: Check[] }> {
  if (loginRequired && options.readPin === undefined) {
    const detail = "the token wants one, and no PIN was named: private keys are hidden";
    const mend = "pin = in [[token]], or --pin-source with --token";
    return { keys: [], checks: [{ name: "login", state: "off", detail, mend }] };
  }
  let token: Token;
  try {
    token = await Token.open(module, options);
  } catch (error) {
    return { keys: [], checks: [failure("login", error, "the PIN's source, or the token's state above")] };
  }
  const detail = options.readPin === undefined ? "the token wants none" : "the token takes the PIN";
  const login: Check = { name: "login", state: "on", detail };
  try {
    const keys = await readKeys(token);
    const none: Check = { name: "keys", state: "impossible", detail: "the token has no private key" };
    return { keys, checks: [login, ...keys.length === 0 ? [none] : keys.flatMap(keyChecks)] };
  } catch (error) {
    return { keys: [], checks: [login, failure("keys", error)] };
  } finally {
    await token.close();
  }
}
