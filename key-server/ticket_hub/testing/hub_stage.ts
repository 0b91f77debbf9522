/** For tests: a hub over a registry in memory, edges that say what a test has them say, and time that a test passes. */
import { createLogger } from "../../../shared/log.ts";
import { Metrics } from "../../../shared/metrics.ts";
import type { Announcement, TicketMembers } from "../../../shared/control_protocol/ticket_messages.ts";
import type { ServerMessage } from "../../../shared/control_protocol/server_messages.ts";
import { poll } from "../../../test/harness/poll.ts";
import { EdgePermissions } from "../../control/edge_permissions.ts";
import type { TicketLink } from "../../control/ticket_messages.ts";
import { nameEntity, openRegistry, permissionEntity, put } from "../../registry/testing/entities.ts";
import { TestClock } from "../../rotation/testing/test_clock.ts";
import type { HubState } from "../hub_state.ts";
import { LocalHubState } from "../local_hub_state.ts";
import { TicketHub } from "../ticket_hub.ts";

const silent = createLogger("test", "silent");

export const edgeUri = (name: string) => `spiffe://holdfast.test/edge/${name}`;
export const instanceOf = (number: number) => number.toString(16).padStart(32, "0");

/** An announcement that nobody could verify: the hub does not. */
export function announcement(number: number, changes: Partial<Announcement> = {}): Announcement {
  const publicKey = new Uint8Array(32).fill(number).toBase64();
  return { publicKey, madeAt: 1000, signatureScheme: 0x403, signature: "AAAA", chain: ["AAAA"], ...changes };
}

/** An edge's connection that takes what it is sent, unless it is told to be slow. */
export class ScriptedEdge implements TicketLink {
  readonly received: ServerMessage[] = [];
  isOpen = true;
  /** While it is set, nothing more is taken. */
  stalled: Promise<void> | undefined;
  readonly edge: string;

  constructor(name: string, readonly number: number, readonly hub: TicketHub) {
    this.edge = edgeUri(name);
  }

  get instance(): string {
    return instanceOf(this.number);
  }

  async send(message: ServerMessage): Promise<void> {
    this.received.push(message);
    await this.stalled;
  }

  join(key = this.number): this {
    this.hub.received(this, { type: "ticket-join", announcement: announcement(key) });
    return this;
  }

  say(to: number, body: string): void {
    this.hub.received(this, { type: "ticket-send", to: instanceOf(to), body: btoa(body) });
  }

  close(): void {
    this.isOpen = false;
    this.hub.closed(this);
  }

  /** The newest list of a domain. */
  roster(domain: string): TicketMembers | undefined {
    return this.received.findLast((message): message is TicketMembers =>
      message.type === "ticket-members" && message.domain === domain
    );
  }

  /** Waits until it is told that these, and no others, are live in a domain. */
  async sees(domain: string, ...numbers: readonly number[]): Promise<void> {
    const wanted = JSON.stringify(numbers.map(instanceOf));
    await poll(
      `${wanted} in ${domain}`,
      () => JSON.stringify(this.roster(domain)?.members.map(({ instance }) => instance)) === wanted,
    );
  }

  get bodies(): string[] {
    return this.received.flatMap((message) => message.type === "ticket-message" ? [atob(message.body)] : []);
  }
}

export class HubStage implements AsyncDisposable {
  readonly clock = new TestClock(1_000_000);
  readonly metrics = new Metrics();
  readonly hub: TicketHub;

  constructor(
    readonly grace = 60_000,
    readonly registry = openRegistry(),
    readonly state: HubState = new LocalHubState(),
  ) {
    let permissions = new EdgePermissions(registry.state);
    registry.watch((_, state) => permissions = new EdgePermissions(state));
    this.hub = new TicketHub({
      registry,
      permissions: () => permissions,
      grace,
      state,
      metrics: this.metrics,
      log: silent,
      clock: this.clock,
    });
  }

  /** A domain with a name of it, and edges that may serve it. */
  domain(domain: string, ...edges: readonly string[]): this {
    put(
      this.registry,
      { kind: "ticket-domain", put: { name: domain, epoch: 1 } },
      { kind: "name", put: nameEntity(`of.${domain}`, { ticketDomain: domain }) },
    );
    for (const edge of edges) this.permit(edge, domain);
    return this;
  }

  permit(edge: string, domain: string): void {
    const subject = { edge: edgeUri(edge) };
    put(this.registry, {
      kind: "permission",
      put: permissionEntity(`${edge}-${domain}`, { subject, name: `of.${domain}` }),
    });
  }

  edge(name: string, number: number): ScriptedEdge {
    return new ScriptedEdge(name, number, this.hub);
  }

  /** Has changes told. */
  settle(): void {
    this.clock.pass(50);
  }

  /** One value of a metric; 0 when it is not there. */
  async metric(line: string): Promise<number> {
    const text = await this.metrics.exposition();
    const found = text.split("\n").find((each) => each.startsWith(`${line} `));
    return Number(found?.split(" ").at(-1) ?? 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hub[Symbol.dispose]();
    await this.state[Symbol.asyncDispose]();
    this.registry[Symbol.dispose]();
  }
}
