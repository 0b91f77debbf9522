/** What the parts of a key server's configuration must not say together. */
import type { z } from "zod";
import type { Pkcs11Uri } from "./token/uri.ts";

interface Rules {
  readonly listen?: { readonly client_ca?: string | undefined } | undefined;
  readonly enrolment?: unknown;
  readonly unix?: { readonly peers: readonly { readonly uid: number }[] } | undefined;
  readonly registry?: unknown;
  readonly admin_api?: unknown;
  readonly acme?: unknown;
  readonly token: readonly { readonly uri: Pkcs11Uri; readonly pin?: string | undefined }[];
  readonly key: readonly {
    readonly name: string;
    readonly uri: Pkcs11Uri;
    readonly copies?: readonly Pkcs11Uri[] | undefined;
    readonly purposes: readonly string[];
    readonly certificate?: string | undefined;
  }[];
  readonly grant: readonly {
    readonly key: string;
    readonly operations: readonly string[];
    readonly server_names?: readonly string[] | undefined;
    readonly transcript: "hash" | "strict";
  }[];
}

type Report = (path: (string | number)[], expected: string) => void;

/** Adds an issue for each contradiction, at the key that could be changed. */
export function refuseContradictions(config: Rules, context: z.core.$RefinementCtx<unknown>): void {
  const report: Report = (path, message) => void context.addIssue({ code: "custom", path, message });
  if (config.listen === undefined && config.unix === undefined) {
    report([], "a [listen] section, a [unix] section, or both");
  }
  if (
    config.listen !== undefined && config.listen.client_ca === undefined && config.enrolment === undefined
  ) {
    report(["listen", "client_ca"], "the authority that vouches for edges, or an [enrolment] section");
  }
  for (const section of ["admin_api", "acme"] as const) {
    if (config[section] !== undefined && config.registry === undefined) {
      report([section], `a [registry], where what [${section}] changes is kept`);
    }
  }
  if (config.enrolment !== undefined && config.listen === undefined) {
    report(["enrolment"], "a [listen] section beside it: the same certificate serves both");
  }
  checkPeers(config, report);
  checkTokens(config, report);
  checkKeys(config, report);
  checkGrants(config, report);
}

function checkPeers({ unix }: Rules, report: Report): void {
  const seen = new Set<number>();
  for (const [index, { uid }] of (unix?.peers ?? []).entries()) {
    if (seen.has(uid)) report(["unix", "peers", index, "uid"], "a uid that is not listed before");
    seen.add(uid);
  }
}

function checkTokens({ token: tokens }: Rules, report: Report): void {
  const seen = new Set<string>();
  for (const [index, { uri, pin }] of tokens.entries()) {
    if (pin !== undefined && uri.pinSource !== undefined) {
      report(["token", index, "pin"], "either pin or the URI's pin-source, not both");
    }
    if (uri.pinSource !== undefined && !uri.pinSource.startsWith("file:")) {
      report(["token", index, "uri"], "a PKCS#11 URI whose pin-source is file:PATH");
    }
    const place = JSON.stringify([uri.modulePath, uri.token, uri.serial, uri.slotId]);
    if (seen.has(place)) report(["token", index, "uri"], "a token that is not listed before");
    seen.add(place);
  }
}

/** A key's token is the only one there is, or the one that its URI names. */
function checkKeys({ key: keys, token: tokens, registry }: Rules, report: Report): void {
  if (registry === undefined && keys.length === 0) {
    report([], "a [[key]], or a [registry] that has the keys");
  }
  const seen = new Set<string>();
  for (const [index, { name, uri, copies = [] }] of keys.entries()) {
    if (seen.has(name)) report(["key", index, "name"], "a name that no key before has");
    seen.add(name);
    checkPlace(["key", index, "uri"], uri, tokens, report);
    for (const [place, copy] of copies.entries()) {
      checkPlace(["key", index, "copies", place], copy, tokens, report);
      if (copy.object === undefined && copy.id === undefined) {
        report(["key", index, "copies", place], "a PKCS#11 URI with object or id");
      }
    }
  }
}

function checkPlace(path: (string | number)[], uri: Pkcs11Uri, tokens: Rules["token"], report: Report): void {
  const places = tokens.filter((token) => isInToken(uri, token.uri)).length;
  if (places === 1) return;
  report(
    path,
    places === 0
      ? "a PKCS#11 URI whose token is one of [[token]]"
      : "a PKCS#11 URI with token= (or serial=) of one of [[token]], as there are several",
  );
}

/** Whether a key with this URI is to be looked for in that token. */
export function isInToken(key: Pkcs11Uri, token: Pkcs11Uri): boolean {
  return (key.token === undefined || key.token === token.token) &&
    (key.serial === undefined || key.serial === token.serial) &&
    (key.slotId === undefined || key.slotId === token.slotId);
}

function checkGrants({ grant: grants, key: keys }: Rules, report: Report): void {
  for (const [index, grant] of grants.entries()) {
    const key = keys.find(({ name }) => name === grant.key);
    if (key === undefined) {
      report(["grant", index, "key"], "the name of one of [[key]]");
      continue;
    }
    if (grant.operations.some((operation) => !key.purposes.includes(operation))) {
      report(["grant", index, "operations"], "operations that are among the key's purposes");
    }
    if (grant.transcript === "strict" && grant.operations.some((operation) => operation !== "sign-tls13")) {
      report(["grant", index, "operations"], 'only "sign-tls13", as TLS 1.2 has no strict form');
    }
    if (grant.transcript === "hash" && grant.server_names !== undefined && key.certificate === undefined) {
      report(
        ["grant", index, "server_names"],
        'no list, or transcript = "strict", or a certificate for the key that shows the list to be whole: ' +
          "a hash does not tell for which name it is signed",
      );
    }
  }
}
