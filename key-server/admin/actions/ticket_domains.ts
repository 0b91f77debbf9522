/** Which names share ticket keys. */
import type { TicketDomainEntity } from "../../registry/entities/ticket_domain.ts";
import { nextEpoch } from "../../ticket_hub/epochs.ts";
import { AdminError, notFound } from "../errors.ts";
import type { Changed } from "../schemas/common.ts";
import type { NameView } from "../schemas/names.ts";
import type { TicketDomainView } from "../schemas/tickets.ts";
import type { AdminServices } from "../services.ts";
import { getName } from "./names.ts";
import { listTicketDomains } from "./tickets.ts";

export function createTicketDomain(services: AdminServices, name: string, author: string): TicketDomainView {
  const { registry } = services;
  if (registry.state.get("ticket-domain", name) !== undefined) {
    throw new AdminError("conflict", `Cannot create the ticket domain ${name}: it is there already`);
  }
  const put: TicketDomainEntity = { name, epoch: nextEpoch(undefined) };
  registry.commit([{ kind: "ticket-domain", put }], { author, reason: `create the ticket domain ${name}` });
  return listTicketDomains(services).find((domain) => domain.name === name)!;
}

export function deleteTicketDomain({ registry }: AdminServices, name: string, author: string): Changed {
  const { state } = registry;
  if (state.get("ticket-domain", name) === undefined) {
    throw notFound("delete a ticket domain", "ticket domain", name);
  }
  const member = state.list("name").find(({ ticketDomain }) => ticketDomain === name);
  if (member !== undefined) {
    throw new AdminError(
      "conflict",
      `Cannot delete the ticket domain ${name}: ${member.name} is in it; assign it elsewhere first`,
    );
  }
  const reason = `delete the ticket domain ${name}`;
  return { version: registry.commit([{ kind: "ticket-domain", remove: name }], { author, reason }) };
}

/** From now on its sessions are sealed with keys of that domain; those of the former one do not resume. */
export function assignTicketDomain(
  services: AdminServices,
  name: string,
  domain: string | null,
  author: string,
): NameView {
  const { registry } = services;
  const before = registry.state.get("name", name);
  if (before === undefined) throw notFound("assign a ticket domain", "name", name);
  if (domain !== null && registry.state.get("ticket-domain", domain) === undefined) {
    throw notFound("assign a ticket domain", "ticket domain", domain);
  }
  const { ticketDomain: _former, ...rest } = before;
  const put = domain === null ? rest : { ...rest, ticketDomain: domain };
  const reason = domain === null
    ? `take ${name} out of its ticket domain`
    : `put ${name} into the ticket domain ${domain}`;
  registry.commit([{ kind: "name", put }], { author, reason });
  return getName(services, name);
}
