import { join } from "node:path";
import { readSecret } from "../../shared/config/secret_source.ts";
import type { Check } from "../../shared/doctor/report.ts";
import { type KeyServerConfig, loadKeyServerConfig } from "../config.ts";
import { isInToken } from "../config_rules.ts";
import { tokenError } from "../token/errors.ts";
import { Pkcs11Module } from "../token/module.ts";
import { usualPatience } from "../token/patience.ts";
import { keyUri, parsePkcs11Uri, type Pkcs11Uri, Pkcs11UriError } from "../token/uri.ts";
import { examineToken, type TokenToExamine } from "./examine_token.ts";
import type { TokenReport } from "./token_report.ts";

type Place = TokenToExamine & { readonly keys: KeyServerConfig["keys"] };

/** Examines every `[[token]]` of a key server's configuration, and whether its `[[key]]`s are there. Throws ConfigError. */
export async function examineConfigured(file: string): Promise<TokenReport[]> {
  const config = await loadKeyServerConfig(file);
  return await examineAll(config.tokens.map(({ uri, pin, sessions, patience }) => ({
    uri,
    uriText: shown(uri),
    sessions,
    patience,
    readPin: pin === undefined ? undefined : () => readSecret(pin, file),
    keys: config.keys.filter((key) => isInToken(key.uri, uri)),
  })));
}

/** Examines one token by its URI; `pinSource` is a secret source, relative to the working folder. Throws Pkcs11UriError. */
export async function examineNamed(text: string, pinSource: string | undefined): Promise<TokenReport[]> {
  const uri = parsePkcs11Uri(text);
  if (uri.modulePath === undefined) {
    throw new Pkcs11UriError("it has no ?module-path=, the PKCS#11 module's file");
  }
  const source = pinSource ?? uri.pinSource;
  const readPin = source === undefined
    ? undefined
    : () => readSecret(source, join(Deno.cwd(), "command-line"));
  return await examineAll([{
    uri,
    uriText: shown(uri),
    sessions: 1,
    patience: usualPatience,
    readPin,
    keys: [],
  }]);
}

/** Without its query: where a PIN is kept is nobody else's business. */
function shown(uri: Pkcs11Uri): string {
  return keyUri(uri).replace(/;?type=private$/, "");
}

/** One after the other, each module started once. */
async function examineAll(places: readonly Place[]): Promise<TokenReport[]> {
  await using ended = new AsyncDisposableStack();
  const modules = new Map<string, Promise<Pkcs11Module>>();
  const load = (path: string) => {
    const module = modules.get(path) ?? Pkcs11Module.load(path).then((loaded) => ended.use(loaded));
    modules.set(path, module);
    return module;
  };
  const reports: TokenReport[] = [];
  for (const place of places) {
    const path = place.uri.modulePath!;
    try {
      const report = await examineToken(await load(path), place);
      reports.push({ ...report, checks: [...report.checks, ...configuredKeys(place, report)] });
    } catch (error) {
      const { message } = tokenError("examine the token", error);
      const mend = "install the module, or name the right file in module-path";
      const checks: Check[] = [{ name: "module", state: "off", detail: message, mend }];
      reports.push({ uri: place.uriText, module: path, mechanisms: [], keys: [], checks });
    }
  }
  return reports;
}

/** Whether the token has each `[[key]]`, and what its purposes need. */
function configuredKeys({ keys }: Place, report: TokenReport): Check[] {
  return keys.map(({ name: keyName, uri, purposes }) => {
    const name = `[[key]] ${keyName}`;
    const found = report.keys.filter(({ label, id }) =>
      (uri.object === undefined || uri.object === label) && (uri.id === undefined || uri.id.toHex() === id)
    );
    const [key] = found;
    if (key === undefined || found.length > 1) {
      const detail = key === undefined
        ? "no private key of the token is so named"
        : `${found.length} are so named`;
      return { name, state: "off", detail, mend: "name it by object= or id= as the keys above have them" };
    }
    if (purposes.includes("rsa-key-exchange") && key.attributes?.decrypt === false) {
      const detail = "rsa-key-exchange needs a key that may decrypt (CKA_DECRYPT)";
      return { name, state: "off", detail, mend: "generate a key that may, or take the purpose away" };
    }
    return { name, state: "on", detail: `the token has it, for ${purposes.join(", ")}` };
  });
}
