import type { AckMessage, EdgeMessage } from "../../shared/control_protocol/edge_messages.ts";
import type { ServerMessage, Update } from "../../shared/control_protocol/server_messages.ts";
import { HoldfastError } from "../../shared/errors.ts";
import { softwareVersion } from "../../shared/software_version.ts";
import type { KeyServerEndpoint } from "../keyless/endpoint.ts";
import type { IdentityFiles } from "../keyless/identity.ts";
import { ControlLink, type ControlLinkTiming } from "./control_link.ts";
import type { ServedNames } from "./served_names.ts";

/** All workers serve by it; what key servers are told. */
export type Acknowledgement = Omit<AckMessage, "type">;

/** How one key server's control connection is. */
export interface ControlLinkReport {
  readonly name: string;
  readonly connected: boolean;
  readonly lastError?: string;
}

/** What a key server says as a hub of ticket keys. */
export type TicketHubMessage = Extract<ServerMessage, { type: `ticket-${string}` }>;

/** What edges say to a hub of ticket keys. */
export type TicketMemberMessage = Extract<EdgeMessage, { type: `ticket-${string}` }>;

/** Who shares ticket keys with other edges; key servers go by their numbers. */
export interface TicketCorrespondent {
  /** Said to each key server as soon as it has accepted a connection. */
  greeting(source: number): readonly TicketMemberMessage[];
  receive(source: number, message: TicketHubMessage): void;
  lost(source: number): void;
}

export interface ControlSpeakerOptions {
  readonly keyServers: readonly KeyServerEndpoint[];
  readonly identity: IdentityFiles;
  /** Which installation of this edge it is. */
  readonly instance: string;
  readonly held: ServedNames;
  /** A part of an update came from a key server, named by its number. */
  readonly updated: (source: number, part: Update) => void;
  /** No more of what that key server had begun will come. */
  readonly lost: (source: number) => void;
  readonly revoked: (reason: string) => void;
  /** Undefined: ticket keys stay at this edge. */
  readonly tickets?: TicketCorrespondent;
  readonly report: (
    keyServer: string,
    event: { readonly connected: boolean; readonly reason?: string },
  ) => void;
  readonly timing?: ControlLinkTiming;
}

/** A new certificate that no key server gave. Code `renewal-refused`. */
export class RenewalRefusedError extends HoldfastError {
  constructor(reason: string) {
    super("renewal-refused", `Cannot renew the edge's certificate: ${reason}`);
  }
}

interface Renewal {
  readonly resolve: (chain: Uint8Array[]) => void;
  readonly refuse: (reason: string) => void;
}

/**
 * Speaks for the whole edge, to every key server at once: each has to know how far the edge has come, whichever of them
 * makes the next change, and whichever is quickest brings it.
 */
export class ControlSpeaker {
  readonly #options: ControlSpeakerOptions;
  readonly #links: readonly ControlLink[];
  readonly #renewals = new Map<number, Renewal>();
  #acknowledgement: Acknowledgement | undefined;

  constructor(options: ControlSpeakerOptions) {
    this.#options = options;
    const { keyServers, identity, timing } = options;
    this.#links = keyServers.map((endpoint, source) =>
      new ControlLink({
        endpoint,
        identity,
        greeting: () => this.#greeting(),
        receive: (message) => this.#receive(source, message),
        lost: () => this.#lost(source),
        report: (event) => this.#report(source, event),
        ...(timing && { timing }),
      })
    );
  }

  get links(): readonly ControlLinkReport[] {
    return this.#links.map(({ name, isConnected: connected, lastError }) => ({
      name,
      connected,
      ...(lastError === undefined ? {} : { lastError }),
    }));
  }

  /** Tells every key server, now and on every new connection. */
  acknowledge(acknowledgement: Acknowledgement): void {
    this.#acknowledgement = acknowledgement;
    for (const link of this.#links) link.say({ type: "ack", ...acknowledgement });
  }

  /** Says something of ticket keys to one key server, if it is there. */
  sayOfTickets(source: number, message: TicketMemberMessage): void {
    const link = this.#links[source];
    if (link?.isConnected === true) link.say(message);
  }

  /** Says hello again to a key server whose update did not fit what the edge holds. */
  restart(source: number, reason: string): void {
    this.#links[source]?.restart(reason);
  }

  /**
   * Asks the key servers one after the other for a new certificate of the edge's identity; resolves to DER, leaf first.
   * Rejects with {@link RenewalRefusedError}. `request`: PKCS#10 in DER.
   */
  async renew(request: Uint8Array): Promise<readonly Uint8Array[]> {
    const refusals: string[] = [];
    for (const [source, link] of this.#links.entries()) {
      if (!link.isConnected || this.#renewals.has(source)) continue;
      const answer = await this.#askForRenewal(source, request);
      if (typeof answer !== "string") return answer;
      refusals.push(`${link.name}: ${answer}`);
    }
    throw new RenewalRefusedError(refusals.join("; ") || "no key server is connected");
  }

  /** Takes up new connections with the identity as its files have it now. */
  reconnect(): void {
    for (const link of this.#links) link.restart("the edge's identity was renewed");
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
  }

  #greeting(): EdgeMessage[] {
    const { instance, held: { lineage, version, tags } } = this.#options;
    const held = version === 0 ? undefined : { lineage, version, names: [...tags] };
    const hello = { type: "hello", instance, software: softwareVersion, ...(held && { held }) } as const;
    return this.#acknowledgement === undefined ? [hello] : [hello, { type: "ack", ...this.#acknowledgement }];
  }

  #receive(source: number, message: Exclude<ServerMessage, { type: "ping" }>): void {
    switch (message.type) {
      case "update": {
        const { type: _, ...part } = message;
        return this.#options.updated(source, part);
      }
      case "identity":
        return this.#renewals.get(source)?.resolve(message.chain.map((der) => Uint8Array.fromBase64(der)));
      case "renewal-refused":
        return this.#renewals.get(source)?.refuse(message.reason);
      case "revoked":
        return this.#options.revoked(message.reason);
      case "refused":
        return; // the link has ended by it
      case "ticket-members":
      case "ticket-message":
      case "ticket-rotate":
        return this.#options.tickets?.receive(source, message);
      default:
        message satisfies never;
    }
  }

  #report(source: number, event: { readonly connected: boolean; readonly reason?: string }): void {
    const link = this.#links[source]!;
    this.#options.report(link.name, event);
    if (!event.connected) return;
    for (const message of this.#options.tickets?.greeting(source) ?? []) link.say(message);
  }

  #lost(source: number): void {
    this.#options.tickets?.lost(source);
    this.#renewals.get(source)?.refuse("the connection was lost");
    this.#options.lost(source);
  }

  async #askForRenewal(source: number, request: Uint8Array): Promise<Uint8Array[] | string> {
    const { promise, resolve } = Promise.withResolvers<Uint8Array[] | string>();
    this.#renewals.set(source, { resolve, refuse: resolve });
    this.#links[source]!.say({ type: "renew", request: request.toBase64() });
    try {
      return await promise;
    } finally {
      this.#renewals.delete(source);
    }
  }
}
