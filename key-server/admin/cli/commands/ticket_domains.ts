import type { Command } from "commander";
import { pathOf } from "../../client/api_client.ts";
import type { Changed } from "../../schemas/common.ts";
import type { NameView } from "../../schemas/names.ts";
import type { TicketDomainList, TicketDomainView } from "../../schemas/tickets.ts";
import { apiCommand, commandGroup, type CommonOptions, showAnswer } from "../command.ts";
import { confirm } from "../confirm.ts";
import { table } from "../terminal.ts";
import { list } from "../texts.ts";

const path = "/v1/ticket-domains";

export function addTicketDomainCommands(tickets: Command): void {
  const domains = commandGroup(tickets, "domains", "Ticket domains: which names share ticket keys.");
  apiCommand(domains, {
    usage: "list",
    summary: "All ticket domains, and their names.",
    example: "holdfast tickets domains list",
  }).action((options: CommonOptions) =>
    showAnswer(options, (client) => client.get<TicketDomainList>(path), describeAll)
  );
  apiCommand(domains, {
    usage: "create <domain>",
    summary: "Create a ticket domain. One called default takes all names that are in no other.",
    example: "holdfast tickets domains create public",
  }).action((name: string, options: CommonOptions) =>
    showAnswer(
      options,
      (client) => client.post<TicketDomainView>(path, { name }),
      (domain) => describeAll({ domains: [domain] }),
    )
  );
  apiCommand(domains, {
    usage: "assign <name> [domain]",
    summary: "Set the ticket domain of a name; none given: the default one, where it is there.",
    example: "holdfast tickets domains assign www.holdfast.test public",
    completes: ["name", "ticket-domain"],
  }).action((name: string, domain: string | undefined, options: CommonOptions) =>
    showAnswer(
      options,
      (client) => client.put<NameView>(pathOf`/v1/names/${name}/ticket-domain`, { domain: domain ?? null }),
      ({ ticketDomain }) =>
        ticketDomain === null ? `${name} is in no ticket domain of its own` : `${name} is in ${ticketDomain}`,
    )
  );
  addDeletion(domains);
}

function addDeletion(domains: Command): void {
  apiCommand(domains, {
    usage: "delete <domain>",
    summary: "Delete a ticket domain that no name is in.",
    example: "holdfast tickets domains delete old",
    completes: ["ticket-domain"],
  })
    .option("--yes", "do not ask")
    .action(async (domain: string, { yes, ...options }: CommonOptions & { readonly yes?: boolean }) => {
      await confirm(`Delete the ticket domain ${domain}?`, yes);
      await showAnswer(
        options,
        (client) => client.delete<Changed>(pathOf`/v1/ticket-domains/${domain}`),
        ({ version }) => `${domain} is deleted, from version ${version} on`,
      );
    });
}

function describeAll({ domains }: TicketDomainList): Promise<string> {
  const rows = domains.map((
    { name, epoch, edges, names },
  ) => [name, String(epoch), String(edges), list(names)]);
  return table(["domain", "epoch", "live edges", "names"], rows);
}
