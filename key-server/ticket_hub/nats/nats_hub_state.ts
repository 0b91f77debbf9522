import { clearInterval, clearTimeout, setInterval, setTimeout } from "node:timers";
import { formatAddress } from "../../../shared/config/address.ts";
import type { Logger } from "../../../shared/log.ts";
import type { NatsConfig } from "../config.ts";
import type {
  DatedReport,
  HubMember,
  HubState,
  HubStateListener,
  OtherMember,
  RelayedMessage,
} from "../hub_state.ts";
import { type BrokerConnection, connectBroker } from "./broker_connection.ts";
import { guardLateErrors } from "./late_errors.ts";
import { OtherMembers } from "./other_members.ts";
import {
  type MemberRecord,
  memberRecordSchema,
  readRecord,
  relayedSchema,
  rotateSchema,
  writeRecord,
} from "./records.ts";

/** Milliseconds between two tries to reach the broker. */
const retryAfter = 500;

/** A record with a longer report goes without it: the broker takes a megabyte. */
const longestRecord = 512 << 10;

interface OwnMember {
  readonly member: HubMember;
  readonly connected: boolean;
  readonly since: Date;
  report: DatedReport | undefined;
}

/**
 * The state of several key servers: who is live stands in a JetStream bucket in the broker's memory, where an entry ends
 * that is not repeated within the grace; messages go from key server to key server by subjects, and are kept by nobody.
 *
 * Without the broker each key server goes on with its own members; others are forgotten after the grace.
 */
export class NatsHubState implements HubState {
  readonly #config: NatsConfig;
  readonly #log: Logger;
  /** Tells this process from others, and from itself before a restart. */
  readonly #id = crypto.getRandomValues(new Uint8Array(8)).toHex();
  readonly #own = new Map<string, OwnMember>();
  readonly #others: OtherMembers;
  readonly #guard: Disposable;
  readonly #timers: ReturnType<typeof setInterval>[];
  readonly #running: Promise<void>;
  #listener: HubStateListener | undefined;
  #broker: BrokerConnection | undefined;
  #problem: string | undefined = "it has not been reached yet";
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(config: NatsConfig, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#others = new OtherMembers(config.grace);
    this.#guard = guardLateErrors(log);
    this.#timers = [
      setInterval(() => this.#repeatAll(), Math.max(10, config.grace / 3)),
      setInterval(() => this.#expire(), Math.max(10, config.grace / 20)),
    ];
    this.#running = this.#run();
  }

  get others(): ReadonlyMap<string, OtherMember> {
    return this.#others.members;
  }

  get otherReports(): ReadonlyMap<string, DatedReport> {
    return this.#others.reports;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  listen(listener: HubStateListener): void {
    this.#listener = listener;
  }

  put(member: HubMember, connected: boolean): void {
    const before = this.#own.get(member.instance);
    const since = before?.connected === connected ? before.since : new Date();
    this.#own.set(member.instance, { member, connected, since, report: before?.report });
    this.#write(member.instance);
  }

  remove(instance: string): void {
    if (!this.#own.delete(instance)) return;
    this.#tell((broker) => broker.bucket.delete(this.#keyOf(instance)));
  }

  /** Goes with the member's next record. */
  report(instance: string, report: DatedReport): void {
    const own = this.#own.get(instance);
    if (own !== undefined) own.report = report;
  }

  send(message: RelayedMessage): boolean {
    const server = this.#others.serverOf(message.to);
    if (this.#broker === undefined || server === undefined) return false;
    return this.#publish(this.#subject(`to.${server}`), message);
  }

  rotate(domain: string): void {
    this.#publish(this.#subject("rotate"), { domain });
  }

  /** Of several key servers the one with the least id. */
  speaksTo(instance: string): boolean {
    return this.#others.connectedTo(instance).every((server) => this.#id < server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#broker?.nats.close();
    this.#wake?.();
    await this.#running;
    this.#guard[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    const { servers } = this.#config;
    for (let attempt = 0; !this.#stopped; attempt++) {
      try {
        await this.#converse(await connectBroker(servers[attempt % servers.length]!, this.#config));
      } catch (error) {
        this.#lost(error instanceof Error ? error.message : "unknown failure");
      }
      this.#broker = undefined;
      if (!this.#stopped) await this.#pause();
    }
  }

  /** Resolves when the connection has ended. */
  async #converse(broker: BrokerConnection): Promise<void> {
    const { nats, bucket } = broker;
    try {
      if (this.#stopped) return;
      const entries = await bucket.watch({ key: "member.>" });
      nats.subscribe(this.#subject(`to.${this.#id}`), { callback: (_, { data }) => this.#message(data) });
      nats.subscribe(this.#subject("rotate"), { callback: (_, { data }) => this.#rotation(data) });
      this.#broker = broker;
      this.#found();
      this.#repeatAll(true);
      void this.#watch(entries).catch(() => nats.close());
      const error = await nats.closed();
      if (!this.#stopped) this.#lost(error instanceof Error ? error.message : "it closed the connection");
    } finally {
      await nats.close();
    }
  }

  async #watch(entries: Awaited<ReturnType<BrokerConnection["bucket"]["watch"]>>): Promise<void> {
    for await (const { key, operation, value } of entries) {
      const [, instance = "", server = ""] = key.split(".");
      if (server === this.#id || !/^[0-9a-f]{32} [0-9a-f]{16}$/.test(`${instance} ${server}`)) continue;
      const record = operation === "PUT" ? readRecord(memberRecordSchema, value) : undefined;
      const changed = record === undefined
        ? this.#others.remove(instance, server)
        : this.#others.put(instance, server, record, performance.now());
      if (changed) this.#listener?.changed();
    }
  }

  #message(data: Uint8Array): void {
    const message = readRecord(relayedSchema, data);
    if (message !== undefined) this.#listener?.message(message);
  }

  #rotation(data: Uint8Array): void {
    const rotation = readRecord(rotateSchema, data);
    if (rotation !== undefined) this.#listener?.rotate(rotation.domain);
  }

  #expire(): void {
    if (this.#others.expire(performance.now())) this.#listener?.changed();
  }

  /** Lost ones are let expire, unless the broker may have forgotten them. */
  #repeatAll(lostToo = false): void {
    for (const [instance, { connected }] of this.#own) if (connected || lostToo) this.#write(instance);
  }

  #write(instance: string): void {
    const { member: { edge, announcement }, connected, since, report } = this.#own.get(instance)!;
    const record: MemberRecord = { edge, announcement, connected, since: since.toISOString() };
    const dated = report && { ...record, report: { ...report, at: report.at.toISOString() } };
    const whole = writeRecord(dated ?? record);
    const value = whole.length > longestRecord ? writeRecord(record) : whole;
    this.#tell((broker) => broker.bucket.put(this.#keyOf(instance), value));
  }

  /** A broker that does not take it is left: the next connection says everything anew. */
  #tell(write: (broker: BrokerConnection) => Promise<unknown>): void {
    const broker = this.#broker;
    if (broker === undefined) return;
    write(broker).catch(() => broker.nats.close()).catch(() => {});
  }

  #publish(subject: string, message: unknown): boolean {
    try {
      this.#broker?.nats.publish(subject, writeRecord(message));
      return this.#broker !== undefined;
    } catch {
      return false; // it has just closed
    }
  }

  #keyOf(instance: string): string {
    return `member.${instance}.${this.#id}`;
  }

  #subject(rest: string): string {
    return `holdfast.${this.#config.bucket}.${rest}`;
  }

  #found(): void {
    this.#problem = undefined;
    const { bucket } = this.#config;
    this.#log.info({ event: "ticket-broker-found", bucket }, "edges of other key servers are known");
  }

  #lost(reason: string): void {
    if (reason === this.#problem) return;
    this.#problem = reason;
    const servers = this.#config.servers.map(formatAddress);
    this.#log.error(
      { event: "ticket-broker-lost", servers, reason },
      "edges of other key servers are forgotten in a while; trying again",
    );
  }

  #pause(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, retryAfter);
    this.#wake = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }
}
