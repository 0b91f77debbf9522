/** What the key server knows, for completion: ids with what tells them apart. Undefined kinds are nobody's to know. */
import type { AuthorityList } from "../../schemas/authorities.ts";
import type { CertificateList } from "../../schemas/certificates.ts";
import type { EdgeList } from "../../schemas/edges.ts";
import type { KeyList } from "../../schemas/keys.ts";
import type { NameList } from "../../schemas/names.ts";
import type { PermissionList } from "../../schemas/policy.ts";
import type { RotationList } from "../../schemas/rotations.ts";
import type { TicketDomainList } from "../../schemas/tickets.ts";
import type { ApiClient } from "../../client/api_client.ts";
import type { Completion } from "../command.ts";
import { subjectText } from "../permission_texts.ts";
import { list, shortId } from "../texts.ts";

/** A word that can come here, and what it is. */
export interface Candidate {
  readonly word: string;
  readonly about: string;
}

export const fixedWords: Readonly<Partial<Record<Completion, readonly Candidate[]>>> = {
  operation: [
    { word: "sign-tls13", about: "signatures of TLS 1.3 handshakes" },
    { word: "sign-tls12", about: "signatures of TLS 1.2 handshakes" },
    { word: "rsa-key-exchange", about: "TLS 1.2's RSA key exchange" },
  ],
  purpose: [
    { word: "edges", about: "certificates of edges" },
    { word: "development", about: "certificates of names, for development" },
  ],
};

type Ask = (client: ApiClient, signal: AbortSignal) => Promise<Candidate[]>;

export const knownIds: Readonly<Partial<Record<Completion, Ask>>> = {
  name: async (client, signal) => {
    const { names } = await client.get<NameList>("/v1/names", signal);
    return names.map(({ name, serverNames }) => ({ word: name, about: list(serverNames ?? ["any host"]) }));
  },
  key: async (client, signal) => {
    const { keys } = await client.get<KeyList>("/v1/keys", signal);
    return keys.map(({ name, algorithm, state }) => ({ word: name, about: `${algorithm}, ${state}` }));
  },
  edge: async (client, signal) => {
    const { edges } = await client.get<EdgeList>("/v1/edges", signal);
    return edges.map(({ identity, state }) => ({ word: identity, about: state }));
  },
  certificate: async (client, signal) => {
    const { certificates } = await client.get<CertificateList>("/v1/certificates", signal);
    return certificates.map(({ id, serverNames }) => ({ word: shortId(id), about: list(serverNames) }));
  },
  rotation: async (client, signal) => {
    const { rotations } = await client.get<RotationList>("/v1/rotations", signal);
    const names = new Map(rotations.toReversed().map(({ name, step }) => [name, step]));
    return [...names].map(([word, about]) => ({ word, about }));
  },
  authority: async (client, signal) => {
    const { authorities } = await client.get<AuthorityList>("/v1/authorities", signal);
    return authorities.map(({ name, purpose }) => ({ word: name, about: purpose }));
  },
  "ticket-domain": async (client, signal) => {
    const { domains } = await client.get<TicketDomainList>("/v1/ticket-domains", signal);
    return domains.map(({ name, names }) => ({ word: name, about: list(names) }));
  },
  permission: async (client, signal) => {
    const { permissions } = await client.get<PermissionList>("/v1/permissions", signal);
    return permissions.map((permission) => ({ word: permission.id, about: subjectText(permission) }));
  },
};
