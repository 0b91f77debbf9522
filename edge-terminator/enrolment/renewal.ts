import type { Logger } from "../../shared/log.ts";
import { Backoff } from "../keyless/backoff.ts";
import { loadIdentity } from "../keyless/identity.ts";
import { identityFolder, writeIdentity } from "./identity_folder.ts";
import { IdentityRequest } from "./identity_request.ts";
import { parseCertificate, pemToDer } from "../../shared/libcrypto/x509.ts";

/** Milliseconds between two tries. */
const retries = { initial: 1000, maximum: 60_000 };
/** The longest that a timer waits. */
const longestWait = 3_600_000;

/** Has the key server certify a request (DER): a chain, leaf first. Rejects with a HoldfastError. */
export type AskRenewal = (certificateRequest: Uint8Array) => Promise<readonly Uint8Array[]>;

export interface RenewalOptions {
  /** The edge's state folder, with the identity in it. */
  readonly folder: string;
  readonly ask: AskRenewal;
  /** A new identity is in its file. */
  readonly renewed: () => void;
  readonly log: Pick<Logger, "info" | "warn">;
  readonly now?: () => Date;
}

interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Milliseconds until two thirds of a certificate's life have gone. */
function renewalDueIn({ notBefore, notAfter }: Validity, now: Date): number {
  const life = notAfter.getTime() - notBefore.getTime();
  return notBefore.getTime() + life * 2 / 3 - now.getTime();
}

/**
 * Milliseconds to wait after a renewal. Certificates begin some minutes ago, for clocks that are behind: a short-lived one is
 * due as soon as it comes, so it rests for two thirds of what is left, or for the longest pause between tries.
 */
export function restAfterRenewal(validity: Validity, now: Date): number {
  const left = validity.notAfter.getTime() - now.getTime();
  return Math.max(renewalDueIn(validity, now), Math.min(left * 2 / 3, retries.maximum));
}

/** Renews an edge's identity at two thirds of its life, with a new key each time; tries until it succeeds. */
export class IdentityRenewal implements Disposable {
  readonly #options: RenewalOptions;
  readonly #retries = new Backoff(retries);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  constructor(options: RenewalOptions) {
    this.#options = options;
    void this.#look();
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  /** Renews what is due, and looks again when the next one will be. Never rejects. */
  async #look(): Promise<void> {
    let wait: number;
    try {
      const dueIn = await this.#dueIn();
      wait = dueIn > 0 ? dueIn : await this.#renew();
      this.#retries.reset();
    } catch (error) {
      wait = this.#retries.next();
      const reason = error instanceof Error ? error.message : "unknown failure";
      const words = "the edge's certificate could not be renewed; it is tried again";
      this.#options.log.warn({ event: "identity-renewal-failed", reason }, words);
    }
    if (this.#disposed) return;
    this.#timer = setTimeout(() => void this.#look(), Math.min(wait, longestWait));
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  async #dueIn(): Promise<number> {
    return renewalDueIn(await this.#current(), this.#now());
  }

  /** Returns how long the new one lets us wait. */
  async #renew(): Promise<number> {
    const { folder, ask, renewed, log } = this.#options;
    const request = await IdentityRequest.make();
    const { uris: [edge = ""] } = await this.#current();
    const identity = await request.accept(await ask(request.certificateRequest), edge, this.#now());
    await writeIdentity(folder, identity);
    renewed();
    log.info(
      { event: "identity-renewed", edge, notAfter: identity.notAfter },
      "the edge's certificate is renewed",
    );
    return restAfterRenewal(await this.#current(), this.#now());
  }

  async #current() {
    const { identity: file } = identityFolder(this.#options.folder);
    const { certificate } = await loadIdentity({ certificate: file, privateKey: file });
    return parseCertificate(pemToDer(certificate)[0]!);
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }
}
