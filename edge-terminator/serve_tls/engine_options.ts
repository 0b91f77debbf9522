import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import { CipherSuite, NamedGroup } from "../../shared/tls_constants.ts";
import { allCipherSuites } from "../tls/cipher_suites.ts";
import { findGroup } from "../tls/key_exchange/groups.ts";
import type { TlsServerOptions } from "../tls/server_options.ts";
import type { TicketPolicy } from "../tls/tickets/ticket_policy.ts";
import { ServeTlsOptionsError } from "./errors.ts";
import { defaultLimits, type ServeTlsLimits, type ServeTlsOptions } from "./options.ts";

/** The options of each connection's engine. Throws {@link ServeTlsOptionsError} for what the engine does not speak. */
export function engineOptions(
  { versions, cipherSuites, groups }: ServeTlsOptions,
  pool: LockedPool,
  tickets: TicketPolicy | undefined,
): TlsServerOptions {
  if (versions?.length === 0) throw new ServeTlsOptionsError("versions", "it is empty");
  const speaksSuite = (id: number) => allCipherSuites.includes(id);
  const speaksGroup = (id: number) => findGroup(id) !== undefined;
  return {
    pool,
    ...(versions && { versions }),
    ...(cipherSuites && { cipherSuites: numbers("cipherSuites", CipherSuite, cipherSuites, speaksSuite) }),
    ...(groups && { groups: numbers("groups", NamedGroup, groups, speaksGroup) }),
    ...(tickets && { tickets }),
  };
}

function numbers<Name extends string>(
  option: string,
  table: Readonly<Record<Name, number>>,
  names: readonly Name[],
  isSpoken: (id: number) => boolean,
): number[] {
  if (names.length === 0) throw new ServeTlsOptionsError(option, "it is empty");
  return names.map((name) => {
    const id: number | undefined = table[name];
    if (id !== undefined && isSpoken(id)) return id;
    throw new ServeTlsOptionsError(option, `${name} is not spoken`);
  });
}

/** The limits with their defaults. Throws {@link ServeTlsOptionsError}. */
export function resolveLimits(given: Partial<ServeTlsLimits> = {}): ServeTlsLimits {
  const limits = { ...defaultLimits, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new ServeTlsOptionsError(`limits.${name}`, `${value} is no whole number above 0`);
  }
  return limits;
}
