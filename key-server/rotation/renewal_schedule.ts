import type { Logger } from "../../shared/log.ts";
import type { AcmeIssuer } from "../issuance/acme/acme_issuer.ts";
import type { CertificateEntity } from "../registry/entities/certificate.ts";
import type { NameEntity } from "../registry/entities/name.ts";
import type { Registry } from "../registry/registry.ts";
import { isUnderWay } from "../registry/rules/rotation_rules.ts";
import type { Clock } from "./clock.ts";
import { renewalTimeByLife, SuggestedTimes } from "./renewal_time.ts";
import type { RotationConfig } from "./rotation_config.ts";
import type { Rotations } from "./rotations.ts";

/** Milliseconds until everything is looked at again where nothing is due before. */
const usualInterval = 3_600_000;

/** Milliseconds that the schedule keeps away from a name whose last rotation did not come to its end. */
const respite = 86_400_000;

/** Milliseconds after a change of the registry: those of one rotation come close together. */
const settling = 1000;

export interface RenewalScheduleParts {
  readonly registry: Registry;
  readonly rotations: Pick<Rotations, "start">;
  readonly config: RotationConfig;
  readonly acme: AcmeIssuer | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** As Math.random; for tests. */
  readonly random?: () => number;
}

/** A certificate that is served, and when its successor is begun. */
interface Renewal {
  readonly name: NameEntity;
  readonly key: string;
  readonly certificate: CertificateEntity;
}

/** Begins rotations ahead of certificates' end, each with a new key, by whoever issued the certificate that ends. */
export class RenewalSchedule implements AsyncDisposable {
  readonly #parts: RenewalScheduleParts;
  readonly #suggested: SuggestedTimes | undefined;
  readonly #watching: Disposable;
  readonly #warned = new Set<string>();
  #timer: Disposable | undefined;
  #looking: Promise<void> | undefined;
  readonly #abort = new AbortController();

  constructor(parts: RenewalScheduleParts) {
    this.#parts = parts;
    const { acme, clock, random } = parts;
    this.#suggested = acme && new SuggestedTimes(acme, clock, random);
    this.#watching = parts.registry.watch(({ changes }) => {
      if (changes.some(({ kind }) => kind === "name" || kind === "rotation")) this.#lookIn(settling);
    });
    this.#lookIn(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(new DOMException("the key server stops", "AbortError"));
    this.#watching[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
    await this.#looking;
  }

  #lookIn(milliseconds: number): void {
    if (this.#abort.signal.aborted || !this.#parts.registry.writable) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#parts.clock.after(milliseconds, () => {
      if (this.#looking !== undefined) return this.#lookIn(settling);
      this.#looking = this.#lookAtAll().then((next) => {
        this.#looking = undefined;
        this.#lookIn(next);
      });
    });
  }

  /** Begins what is due; returns the milliseconds until something else is. */
  async #lookAtAll(): Promise<number> {
    let next = usualInterval;
    for (const renewal of this.#renewals()) {
      if (this.#abort.signal.aborted) break;
      const time = await this.#timeOf(renewal);
      const left = time.getTime() - this.#parts.clock.now().getTime();
      if (left > 0) next = Math.min(next, left);
      else this.#begin(renewal);
    }
    return next;
  }

  /** What is served now with a certificate of an issuer that can be asked for another. */
  #renewals(): Renewal[] {
    const { registry, config } = this.#parts;
    const { state } = registry;
    return state.list("name").filter(({ name }) => config.ruleFor(name).automatic).flatMap((name) =>
      name.bindings.flatMap(({ key, certificate: id, phase }) => {
        const certificate = phase === "active" && id !== undefined ? state.get("certificate", id) : undefined;
        return certificate === undefined ? [] : [{ name, key, certificate }];
      })
    );
  }

  async #timeOf({ name, certificate }: Renewal): Promise<Date> {
    const byLife = renewalTimeByLife(certificate, this.#parts.config.ruleFor(name.name).renewAt);
    if (certificate.source !== "acme" || this.#suggested === undefined) return byLife;
    try {
      return (await this.#suggested.of(certificate, this.#abort.signal))?.time ?? byLife;
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown failure";
      this.#parts.log.warn({ event: "renewal-information", name: name.name, reason }, "the CA was not asked");
      // What it said last still counts, if it said anything.
      return this.#suggested.latest(certificate)?.time ?? byLife;
    }
  }

  #begin({ name, key, certificate }: Renewal): void {
    const { registry, rotations, config, clock, log } = this.#parts;
    const { issuer, algorithm } = config.ruleFor(name.name);
    const ofName = registry.state.list("rotation").filter((rotation) => rotation.name === name.name);
    if (ofName.some(isUnderWay)) return;
    const threshold = new Date(clock.now().getTime() - respite).toISOString();
    if (ofName.some(({ ending, stepSince }) => ending !== "done" && stepSince > threshold)) return;
    const canRepeat = certificate.source === "acme" || certificate.source === "development";
    if (issuer === undefined && !canRepeat) return this.#warn(name, certificate);
    try {
      const { id } = rotations.start({
        name: name.name,
        replaces: [key],
        ...(issuer === undefined ? {} : { issuer }),
        ...(algorithm === undefined ? {} : { algorithm }),
      }, "holdfast:schedule");
      log.info({ event: "renewal-begun", name: name.name, rotation: id }, "a certificate is renewed");
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown failure";
      log.error({ event: "renewal-not-begun", name: name.name, reason }, "a certificate is not renewed");
    }
  }

  /** Once for each certificate: nobody but its owner can renew it. */
  #warn({ name }: NameEntity, { id, notAfter }: CertificateEntity): void {
    if (this.#warned.has(id)) return;
    this.#warned.add(id);
    this.#parts.log.warn(
      { event: "renewal-by-hand", name, notAfter },
      "a certificate ends that only its owner can renew: holdfast rotate",
    );
  }
}
