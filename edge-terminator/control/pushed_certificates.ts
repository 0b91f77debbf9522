import type { Logger } from "../../shared/log.ts";
import type { Metrics } from "../../shared/metrics.ts";
import type { KeyServerEndpoint } from "../keyless/endpoint.ts";
import { IdentityRenewal } from "../enrolment/renewal.ts";
import type { IdentityFiles } from "../keyless/identity.ts";
import type { ControlDelivery, ControlNote, ControlReport } from "../worker/control_messages.ts";
import {
  type Acknowledgement,
  ControlSpeaker,
  type TicketCorrespondent,
  type TicketMemberMessage,
} from "./control_speaker.ts";
import { ServedNames } from "./served_names.ts";
import type { SiteDirectory } from "./site_directory.ts";
import { UpdateAssembly } from "./update_assembly.ts";

export interface PushedCertificatesOptions {
  readonly keyServers: readonly KeyServerEndpoint[];
  readonly identity: IdentityFiles;
  /** The folder of an identity that this edge has enrolled for, and renews; undefined: somebody else does. */
  readonly enrolledIn: string | undefined;
  readonly directory: SiteDirectory;
  readonly say: (note: ControlNote) => void;
  /** Ticket keys are shared with other edges by whoever speaks; undefined: they stay at this edge. */
  readonly shareTickets?: (
    instance: string,
    say: (source: number, message: TicketMemberMessage) => void,
  ) => Promise<TicketCorrespondent & Disposable>;
  /** The edge is thrown out. */
  readonly revoked: (reason: string) => void;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * A worker's part in the control channel: serves by what the supervisor hands it, one version after the other, and says so;
 * speaks to key servers when the supervisor names it.
 */
export class PushedCertificates {
  /** Resolves when the first version is served by: what the edge had before. */
  readonly ready: Promise<void>;
  readonly #options: PushedCertificatesOptions;
  readonly #names = new ServedNames();
  readonly #assembly = new UpdateAssembly();
  readonly #ready = Promise.withResolvers<void>();
  #taking: Promise<void> = Promise.resolve();
  #speaker: ControlSpeaker | undefined;
  #tickets: (TicketCorrespondent & Disposable) | undefined;
  #renewal: IdentityRenewal | undefined;
  #acknowledgement: Acknowledgement | undefined;
  #revocation: string | undefined;

  constructor(options: PushedCertificatesOptions) {
    this.#options = options;
    this.ready = this.#ready.promise;
    this.#addMetrics(options.metrics);
  }

  /** Takes what the supervisor says. */
  deliver(delivery: ControlDelivery): void {
    switch (delivery.type) {
      case "control-update": {
        const update = this.#assembly.add(delivery.update);
        if (update === undefined) return;
        return this.#next(async () => {
          await this.#names.take(update);
          this.#serve();
        });
      }
      case "control-speak":
        // After what was sent before it: the hello says what is held.
        return this.#next(() => this.#speak(delivery.instance));
      case "control-ack":
        this.#acknowledgement = delivery.acknowledgement;
        return this.#speaker?.acknowledge(delivery.acknowledgement);
      case "control-restart":
        return this.#speaker?.restart(delivery.source, delivery.reason);
      case "control-revoked":
        return this.#throwOut(delivery.reason);
      default:
        delivery satisfies never;
    }
  }

  report(): ControlReport {
    const { sites, withoutCertificate, anyServed } = this.#options.directory.pushed;
    return {
      version: this.#names.version,
      speaks: this.#speaker !== undefined,
      keyServers: [...this.#speaker?.links ?? []],
      sites,
      withoutCertificate: [...withoutCertificate],
      anyServed,
      ...(this.#revocation === undefined ? {} : { revoked: this.#revocation }),
    };
  }

  async close(): Promise<void> {
    const speaker = this.#speaker;
    const tickets = this.#tickets;
    this.#speaker = undefined;
    this.#tickets = undefined;
    this.#renewal?.[Symbol.dispose]();
    await speaker?.close();
    tickets?.[Symbol.dispose]();
  }

  /** One after the other. */
  #next(work: () => Promise<void>): void {
    this.#taking = this.#taking.then(work).catch((error) => {
      this.#options.log.error({ event: "control-failed", err: error }, "serving by what was pushed before");
    });
  }

  #serve(): void {
    const { directory, say } = this.#options;
    directory.replace(this.#names.names);
    const { lineage, version } = this.#names;
    const problems = this.#names.problems.slice(0, 1000)
      .map(({ name, reason }) => ({ name, reason: reason.slice(0, 1000) }));
    say({ type: "control-applied", lineage, version, problems });
    this.#ready.resolve();
  }

  async #speak(instance: string | undefined): Promise<void> {
    await this.close();
    if (instance === undefined || this.#revocation !== undefined) return;
    const { keyServers, identity, say, log } = this.#options;
    const tickets = await this.#shareTickets(instance);
    this.#tickets = tickets;
    this.#speaker = new ControlSpeaker({
      keyServers,
      identity,
      instance,
      held: this.#names,
      ...(tickets && { tickets }),
      updated: (source, update) => say({ type: "control-update", source, update }),
      lost: (source) => say({ type: "control-lost", source }),
      revoked: (reason) => say({ type: "control-revoked", reason }),
      report: (keyServer, { connected, reason }) => {
        if (connected) {
          log.info({ event: "control-connected", keyServer }, "certificates are pushed by this key server");
        } else log.warn({ event: "control-lost", keyServer, reason }, "serving by what was pushed last");
      },
    });
    if (this.#acknowledgement !== undefined) this.#speaker.acknowledge(this.#acknowledgement);
    this.#renewal = this.#renewing(this.#speaker);
  }

  /** Undefined, too, when the edge's files are not to be used: certificates are pushed all the same. */
  async #shareTickets(instance: string): Promise<(TicketCorrespondent & Disposable) | undefined> {
    try {
      const say = (source: number, message: TicketMemberMessage) =>
        this.#speaker?.sayOfTickets(source, message);
      return await this.#options.shareTickets?.(instance, say);
    } catch (error) {
      this.#options.log.error({ event: "ticket-hub-failed", err: error }, "no ticket keys are shared");
      return undefined;
    }
  }

  /** Who speaks for the edge renews its identity, too. */
  #renewing(speaker: ControlSpeaker): IdentityRenewal | undefined {
    const { enrolledIn: folder, log } = this.#options;
    if (folder === undefined) return undefined;
    return new IdentityRenewal({
      folder,
      ask: (request) => speaker.renew(request),
      renewed: () => speaker.reconnect(),
      log,
    });
  }

  #throwOut(reason: string): void {
    if (this.#revocation !== undefined) return;
    this.#revocation = reason;
    void this.close();
    this.#options.revoked(reason);
  }

  /** An edge's value is the worst of its workers'. */
  #addMetrics(metrics: Metrics): void {
    const { directory } = this.#options;
    metrics.gauge(
      "holdfast_edge_control_version",
      "The registry's version that all workers serve by; 0: none has come.",
      [],
      (gauge) => gauge.set(this.#names.version),
      "min",
    );
    metrics.gauge(
      "holdfast_edge_control_connections",
      "Control connections to key servers that are open.",
      [],
      (gauge) => gauge.set(this.#speaker?.links.filter(({ connected }) => connected).length ?? 0),
    );
    metrics.gauge(
      "holdfast_edge_control_problems",
      "Names of which something was pushed that cannot be used.",
      [],
      (gauge) => gauge.set(this.#names.problems.length),
      "max",
    );
    metrics.gauge(
      "holdfast_edge_control_names_without_certificate",
      "Host names of sites that wait for a certificate, a hundred at most.",
      [],
      (gauge) => gauge.set(directory.pushed.withoutCertificate.length),
      "max",
    );
    metrics.gauge(
      "holdfast_edge_control_earliest_certificate_end_seconds",
      "When the first of the pushed certificates that are served ends, in seconds of the Unix epoch; 0: there is none.",
      [],
      (gauge) => gauge.set((directory.pushed.earliestEnd ?? 0) / 1000),
      "max",
    );
  }
}
