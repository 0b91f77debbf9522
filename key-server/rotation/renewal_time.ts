import type { RenewalWindow } from "../issuance/acme/renewal_information.ts";
import type { AcmeIssuer } from "../issuance/acme/acme_issuer.ts";
import type { CertificateEntity } from "../registry/entities/certificate.ts";
import type { Clock } from "./clock.ts";

/** When a certificate is to be renewed where nobody else says so: when that part of its life is left. */
export function renewalTimeByLife({ notBefore, notAfter }: CertificateEntity, renewAt: number): Date {
  const [start, end] = [Date.parse(notBefore), Date.parse(notAfter)] as [number, number];
  return new Date(end - (end - start) * renewAt);
}

/** What a CA said of one certificate, and the instant that was drawn from it. */
interface Suggestion {
  readonly window: RenewalWindow;
  readonly time: Date;
}

/**
 * When CAs would have their certificates renewed (ARI, RFC 9773). An instant is drawn once for each window, evenly, so that a CA's
 * clients do not all come at once; a window that has moved (before a mass revocation, say) is drawn from anew.
 */
export class SuggestedTimes {
  readonly #acme: AcmeIssuer;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #suggestions = new Map<string, Suggestion>();

  /** `random` as Math.random. */
  constructor(acme: AcmeIssuer, clock: Clock, random: () => number = Math.random) {
    this.#acme = acme;
    this.#clock = clock;
    this.#random = random;
  }

  /** Undefined: the CA says nothing. Throws IssuanceError when it cannot be asked; what it said last is `latest`. */
  async of(certificate: CertificateEntity, signal: AbortSignal): Promise<Suggestion | undefined> {
    const known = this.#suggestions.get(certificate.id);
    if (known !== undefined && this.#clock.now() < known.window.askAgain) return known;
    const leaf = Uint8Array.fromBase64(certificate.chain[0]!);
    const window = await this.#acme.renewalInformation.windowOf(leaf, signal);
    if (window === undefined) return undefined;
    const hasMoved = known === undefined || known.window.start.getTime() !== window.start.getTime() ||
      known.window.end.getTime() !== window.end.getTime();
    const suggestion = { window, time: hasMoved ? this.#draw(window) : known.time };
    this.#suggestions.set(certificate.id, suggestion);
    return suggestion;
  }

  latest({ id }: CertificateEntity): Suggestion | undefined {
    return this.#suggestions.get(id);
  }

  #draw({ start, end }: RenewalWindow): Date {
    return new Date(start.getTime() + this.#random() * (end.getTime() - start.getTime()));
  }
}
