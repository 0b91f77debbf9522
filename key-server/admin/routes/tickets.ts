import { z } from "@hono/zod-openapi";
import { revokeTicketEdge } from "../actions/revoke_ticket_edge.ts";
import { assignTicketDomain, createTicketDomain, deleteTicketDomain } from "../actions/ticket_domains.ts";
import { listTicketDomains, rotateTicketKeys, ticketStatus } from "../actions/tickets.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute, jsonBody } from "../admin_route.ts";
import { changedSchema, idParameterSchema } from "../schemas/common.ts";
import { nameViewSchema } from "../schemas/names.ts";
import {
  assignTicketDomainSchema,
  createTicketDomainSchema,
  revokedTicketEdgeSchema,
  revokeTicketEdgeSchema,
  rotatedTicketKeysSchema,
  rotateTicketKeysSchema,
  ticketDomainListSchema,
  ticketDomainViewSchema,
  ticketStatusSchema,
} from "../schemas/tickets.ts";
import type { AdminServices } from "../services.ts";

const params = z.strictObject({ name: idParameterSchema });

const ticketStatusRoute = adminRoute({
  operationId: "getTicketStatus",
  method: "get",
  path: "/v1/tickets",
  summary: "Show the edges that share ticket keys, and how their keys stand",
  request: {},
  answer: ticketStatusSchema,
});

const rotateRoute = adminRoute({
  operationId: "rotateTicketKeys",
  method: "post",
  path: "/v1/tickets/rotate",
  summary: "Have edges make new ticket keys now",
  request: { body: jsonBody(rotateTicketKeysSchema) },
  answer: rotatedTicketKeysSchema,
});

const revokeRoute = adminRoute({
  operationId: "revokeTicketEdge",
  method: "post",
  path: "/v1/tickets/revoke-edge",
  summary: "End every ticket key that an edge knew, on all others",
  request: { body: jsonBody(revokeTicketEdgeSchema) },
  answer: revokedTicketEdgeSchema,
});

const listDomainsRoute = adminRoute({
  operationId: "listTicketDomains",
  method: "get",
  path: "/v1/ticket-domains",
  summary: "List ticket domains",
  request: {},
  answer: ticketDomainListSchema,
});

const createDomainRoute = adminRoute({
  operationId: "createTicketDomain",
  method: "post",
  path: "/v1/ticket-domains",
  summary: "Create a ticket domain",
  request: { body: jsonBody(createTicketDomainSchema) },
  answer: ticketDomainViewSchema,
});

const deleteDomainRoute = adminRoute({
  operationId: "deleteTicketDomain",
  method: "delete",
  path: "/v1/ticket-domains/{name}",
  summary: "Delete a ticket domain that no name is in",
  request: { params },
  answer: changedSchema,
});

const assignDomainRoute = adminRoute({
  operationId: "assignTicketDomain",
  method: "put",
  path: "/v1/names/{name}/ticket-domain",
  summary: "Set the ticket domain of a name",
  request: { params, body: jsonBody(assignTicketDomainSchema) },
  answer: nameViewSchema,
});

export function addTicketRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(ticketStatusRoute, (context) => context.json(ticketStatus(services), 200));
  app.openapi(
    rotateRoute,
    (context) => context.json(rotateTicketKeys(services, context.req.valid("json").domain), 200),
  );
  app.openapi(revokeRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(revokeTicketEdge(services, context.req.valid("json"), author), 200);
  });
  app.openapi(listDomainsRoute, (context) => context.json({ domains: listTicketDomains(services) }, 200));
  app.openapi(createDomainRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(createTicketDomain(services, context.req.valid("json").name, author), 200);
  });
  app.openapi(deleteDomainRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(deleteTicketDomain(services, context.req.valid("param").name, author), 200);
  });
  app.openapi(assignDomainRoute, (context) => {
    const { name: author } = context.env.administrator;
    const { name } = context.req.valid("param");
    return context.json(assignTicketDomain(services, name, context.req.valid("json").domain, author), 200);
  });
}
