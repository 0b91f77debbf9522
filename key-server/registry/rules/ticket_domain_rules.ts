import type { Change, RegistryState } from "../registry.ts";

/** An epoch that fell would bring keys back that somebody thrown out knows. */
export function* ticketDomainProblems(
  before: RegistryState,
  after: RegistryState,
  _: readonly Change[],
): Iterable<string> {
  for (const { name, epoch } of after.list("ticket-domain")) {
    const former = before.get("ticket-domain", name)?.epoch ?? 0;
    if (epoch < former) {
      yield `the ticket domain ${name} is in epoch ${former}; an epoch never falls to ${epoch}`;
    }
  }
}
