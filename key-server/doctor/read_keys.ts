import pkcs11js, { type Handle } from "pkcs11js";
import { SignatureScheme } from "../../shared/tls_constants.ts";
import { TokenError, tokenError } from "../token/errors.ts";
import { listPrivateKeys, readFlag, readSelector } from "../token/key_finder.ts";
import type { Token } from "../token/token.ts";
import type { KeyReport } from "./token_report.ts";

/** Keys of one token that are looked at. */
const mostKeys = 1000;

function schemeName(scheme: number): string {
  return Object.entries(SignatureScheme).find(([, value]) => value === scheme)?.[0] ??
    `0x${scheme.toString(16)}`;
}

/** Its answer alone: what was tried stands beside it. */
function tokensWords(reason: string): string {
  return /CKR_[A-Z0-9_]+/.exec(reason)?.[0] ?? reason;
}

/** Every private key that the login shows, each tested by signing. Throws TokenError when they cannot be listed. */
export async function readKeys(token: Token): Promise<KeyReport[]> {
  const reports: KeyReport[] = [];
  for (const handle of await listPrivateKeys(token.calls, token.session, {}, mostKeys)) {
    reports.push(await readKey(token, handle));
  }
  return reports;
}

async function readKey(token: Token, handle: Handle): Promise<KeyReport> {
  const selector = await readSelector(token.calls, token.session, handle);
  const names = {
    ...selector.object !== undefined && { label: selector.object },
    ...selector.id !== undefined && { id: selector.id.toHex() },
  };
  try {
    if (Object.keys(selector).length === 0) {
      throw new TokenError("Cannot name the key: it has neither label (CKA_LABEL) nor CKA_ID");
    }
    const key = await token.loadKey(selector);
    // What it costs is measured by signing, which must be over before the token is closed.
    await key.measured;
    const { sign, decrypt, extractable, sensitive } = key.attributes;
    const local = await readFlag(token.calls, token.session, handle, pkcs11js.CKA_LOCAL);
    const told = (flag: boolean | undefined) => flag ?? null;
    return {
      ...names,
      kind: key.publicKey.keyType,
      bits: key.publicKey.keyBits,
      ski: key.publicKey.subjectKeyIdentifier.toHex(),
      attributes: {
        sign: told(sign),
        decrypt: told(decrypt),
        extractable: told(extractable),
        sensitive: told(sensitive),
        local: told(local),
      },
      works: [...key.methods].map(([scheme, { name }]) => ({ scheme: schemeName(scheme), method: name })),
      refused: key.refused.map(({ scheme, method, reason }) => ({
        scheme: schemeName(scheme),
        method,
        reason: tokensWords(reason),
      })),
    };
  } catch (error) {
    return { ...names, problem: tokenError("use the key", error).message };
  }
}
