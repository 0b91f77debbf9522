import type { TicketReport } from "../../shared/control_protocol/ticket_messages.ts";
import type { Logger } from "../../shared/log.ts";
import type { Metrics } from "../../shared/metrics.ts";
import type { EdgePermissions } from "../control/edge_permissions.ts";
import type { TicketLink, TicketMessage, TicketMessages } from "../control/ticket_messages.ts";
import type { HistoryEntry, Registry } from "../registry/registry.ts";
import { type Clock, systemClock } from "../rotation/clock.ts";
import { DomainRoster } from "./domain_roster.ts";
import { concernsDomains, EdgeDomains } from "./edge_domains.ts";
import type { HubMember, HubState, RelayedMessage } from "./hub_state.ts";
import { type LocalMember, MemberTable } from "./member_table.ts";
import { type RelayResult, TicketHubMetrics } from "./ticket_hub_metrics.ts";
import { type TicketHubStatus, ticketHubStatus } from "./ticket_hub_status.ts";

/** Milliseconds in which changes of who is live are summed up. */
const settling = 50;

/** The longest announcement, as JSON: a chain of several certificates. Every other member is sent it. */
const longestAnnouncement = 16 << 10;

type MessageOf<T> = Extract<TicketMessage, { type: T }>;

export interface TicketHubOptions {
  readonly registry: Registry;
  /** As of the registry's state. */
  readonly permissions: () => EdgePermissions;
  /** Milliseconds that an edge counts as live after it was lost. */
  readonly grace: number;
  readonly state: HubState;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock?: Clock;
}

/**
 * Tells edges that share ticket keys of each other, and hands their sealed messages on. It sees who speaks to whom and never
 * a key: DESIGN.md says what it could do if it lied.
 */
export class TicketHub implements TicketMessages, Disposable {
  readonly #options: TicketHubOptions;
  readonly #clock: Clock;
  readonly #members: MemberTable;
  readonly #metrics: TicketHubMetrics;
  readonly #watching: Disposable;
  #domains: EdgeDomains;
  #lineage: string;
  /** Undefined: to be made anew. */
  #rosters: ReadonlyMap<string, DomainRoster> | undefined;
  #settling: Disposable | undefined;

  constructor(options: TicketHubOptions) {
    const { registry, permissions, grace, state, metrics, clock = systemClock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#domains = new EdgeDomains(registry.state, permissions());
    this.#lineage = registry.lineage;
    this.#members = new MemberTable({ grace, clock, gone: (instance) => this.#gone(instance) });
    this.#metrics = this.#openMetrics(metrics);
    this.#watching = registry.watch((entry) => this.#follow(entry));
    state.listen({
      changed: () => this.#changed(),
      message: (message) => this.#hand(message, "refused"),
      rotate: (domain) => this.#tellToRotate(domain),
    });
  }

  /** For whoever looks after the edges: names, ages and states, and no key. */
  get status(): TicketHubStatus {
    const { registry, state } = this.#options;
    return ticketHubStatus({
      registry: registry.state,
      domains: this.#domains,
      members: this.#members,
      state,
    });
  }

  received(link: TicketLink, message: TicketMessage): void {
    switch (message.type) {
      case "ticket-join":
        return this.#join(link, message);
      case "ticket-send":
        return this.#send(link, message);
      case "ticket-report":
        return this.#report(link, message);
      default:
        message satisfies never;
    }
  }

  closed(link: TicketLink): void {
    const local = this.#members.lose(link);
    if (local !== undefined) this.#options.state.put(local.member, false);
  }

  /** All edges of a domain that are connected, here or elsewhere, make new keys. */
  rotate(domain: string): void {
    this.#tellToRotate(domain);
    this.#options.state.rotate(domain);
  }

  [Symbol.dispose](): void {
    this.#watching[Symbol.dispose]();
    this.#settling?.[Symbol.dispose]();
    this.#members[Symbol.dispose]();
  }

  #join(link: TicketLink, { announcement }: MessageOf<"ticket-join">): void {
    const { edge, instance } = link;
    if (JSON.stringify(announcement).length > longestAnnouncement) {
      return this.#refuse(link, "its certificate chain is too long");
    }
    const known = this.#members.get(instance)?.member ?? this.#options.state.others.get(instance);
    // Else one edge could have what is meant for another.
    if (known !== undefined && known.edge !== edge) {
      return this.#refuse(link, `${known.edge} goes by its instance`);
    }
    const local = this.#members.join(link, announcement);
    this.#options.state.put(local.member, true);
    this.#changed();
    const { log } = this.#options;
    log.debug({ event: "ticket-member-joined", edge, instance }, "an edge shares ticket keys");
  }

  #refuse({ edge, instance }: TicketLink, reason: string): void {
    this.#options.log.warn(
      { event: "ticket-member-refused", edge, instance, reason },
      "an edge cannot share ticket keys",
    );
  }

  #send(link: TicketLink, { to, body }: MessageOf<"ticket-send">): void {
    const sender = this.#members.get(link.instance);
    if (sender?.link !== link) return this.#metrics.relayed("refused", body.length);
    if (!sender.allowance.take(this.#clock.now().getTime())) {
      return this.#metrics.relayed("dropped", body.length);
    }
    this.#hand({ from: link.instance, to, body }, "carried");
  }

  /** `elsewhere`: what becomes of messages for members that are not here. */
  #hand(message: RelayedMessage, elsewhere: "carried" | "refused"): void {
    this.#metrics.relayed(this.#relay(message, elsewhere), message.body.length);
  }

  #relay(message: RelayedMessage, elsewhere: "carried" | "refused"): RelayResult {
    const { from, to, body } = message;
    const [sender, receiver] = [this.#find(from), this.#find(to)];
    if (sender === undefined || receiver === undefined || from === to) return "refused";
    if (!this.#domains.share(sender.edge, receiver.edge)) return "refused";
    const local = this.#members.get(to);
    if (local?.link !== undefined) return local.outbox.push(from, body);
    if (elsewhere === "carried" && this.#options.state.send(message)) return "carried";
    return local?.outbox.push(from, body) ?? "dropped";
  }

  #report(link: TicketLink, report: TicketReport): void {
    const local = this.#members.get(link.instance);
    if (local?.link !== link) return;
    local.report = { at: this.#clock.now(), report };
    this.#options.state.report(link.instance, local.report);
  }

  #tellToRotate(domain: string): void {
    for (const { member: { edge, instance }, link } of this.#members.all) {
      if (link === undefined || !this.#domains.of(edge).has(domain)) continue;
      if (this.#options.state.speaksTo(instance)) void link.send({ type: "ticket-rotate", domain });
    }
  }

  #find(instance: string): HubMember | undefined {
    return this.#members.get(instance)?.member ?? this.#options.state.others.get(instance);
  }

  #gone(instance: string): void {
    this.#options.state.remove(instance);
    this.#changed();
  }

  #follow({ changes }: HistoryEntry): void {
    const { registry, permissions, state } = this.#options;
    if (!concernsDomains(changes) && registry.lineage === this.#lineage) return;
    this.#lineage = registry.lineage;
    this.#domains = new EdgeDomains(registry.state, permissions());
    for (const { member: { instance, edge } } of this.#members.all) {
      if (permissions().revocation(edge) === undefined) continue;
      this.#members.remove(instance);
      state.remove(instance);
    }
    this.#rosters = undefined;
    this.#pushAll(); // at once: an epoch ends keys
  }

  #changed(): void {
    this.#rosters = undefined;
    this.#settling ??= this.#clock.after(settling, () => this.#pushAll());
  }

  #pushAll(): void {
    this.#settling?.[Symbol.dispose]();
    this.#settling = undefined;
    for (const local of this.#members.all) {
      local.pushes.changed(() => this.#rostersFor(local), () => this.#metrics.pushed());
    }
  }

  /** Also of domains that it is in no more: there it shares with nobody. */
  #rostersFor({ member, pushes }: LocalMember): DomainRoster[] {
    const own = this.#domains.of(member.edge);
    const rosters = this.#currentRosters();
    const left = [...pushes.told].filter(([domain]) => !own.has(domain))
      .map(([domain, { epoch }]) =>
        new DomainRoster(domain, Math.max(epoch, this.#domains.epochOf(domain) ?? 0), [])
      );
    return [
      ...[...own].map((domain) => rosters.get(domain)).filter((roster) => roster !== undefined),
      ...left,
    ];
  }

  #currentRosters(): ReadonlyMap<string, DomainRoster> {
    return this.#rosters ??= this.#makeRosters();
  }

  #makeRosters(): ReadonlyMap<string, DomainRoster> {
    const byDomain = new Map<string, HubMember[]>();
    for (const member of this.#live()) {
      for (const domain of this.#domains.of(member.edge)) {
        byDomain.set(domain, [...byDomain.get(domain) ?? [], member]);
      }
    }
    const rosters = [...byDomain].map(([domain, members]) =>
      new DomainRoster(domain, this.#domains.epochOf(domain) ?? 0, members)
    );
    return new Map(rosters.map((roster) => [roster.domain, roster]));
  }

  /** Of two announcements of one member the later one counts. */
  #live(): HubMember[] {
    const live = new Map<string, HubMember>(this.#options.state.others);
    for (const { member } of this.#members.all) {
      const other = live.get(member.instance);
      if (other === undefined || other.announcement.madeAt <= member.announcement.madeAt) {
        live.set(member.instance, member);
      }
    }
    return [...live.values()];
  }

  #openMetrics(metrics: Metrics): TicketHubMetrics {
    const count = (test: (local: LocalMember) => boolean) => this.#members.all.filter(test).length;
    return new TicketHubMetrics(metrics, {
      connected: () => count(({ link }) => link !== undefined),
      lost: () => count(({ link }) => link === undefined),
      elsewhere: () =>
        [...this.#options.state.others.keys()].filter((instance) => !this.#members.get(instance)).length,
      waiting: () => this.#members.all.reduce((sum, { outbox }) => sum + outbox.characters, 0),
      reachesOthers: () => this.#options.state.problem === undefined,
      leftOut: () => [...this.#currentRosters().values()].reduce((sum, { leftOut }) => sum + leftOut, 0),
    });
  }
}
