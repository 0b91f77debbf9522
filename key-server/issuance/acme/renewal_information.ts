import { z } from "zod";
import { AuthorityKeyIdentifierExtension, X509Certificate } from "../../../shared/pki/x509.ts";
import type { Clock } from "../../rotation/clock.ts";
import { IssuanceError } from "../errors.ts";
import type { AcmeConfig } from "./acme_config.ts";
import { type HttpsAnswer, requestHttps } from "./https.ts";

/** When a CA would have a certificate renewed (RFC 9773, Section 4.2). */
export interface RenewalWindow {
  readonly start: Date;
  readonly end: Date;
  /** When it is to be asked again. */
  readonly askAgain: Date;
}

const directorySchema = z.object({ renewalInfo: z.url({ protocol: /^https$/ }).optional() });

const renewalInfoSchema = z.object({
  suggestedWindow: z.object({
    start: z.iso.datetime({ offset: true }),
    end: z.iso.datetime({ offset: true }),
  }),
});

/** Seconds until a CA is asked again: RFC 9773, Section 4.3 has clients bound what the CA says. */
const shortestRetry = 60;
const usualRetry = 6 * 3600;
const longestRetry = 24 * 3600;

/** A certificate's name in ARI (RFC 9773, Section 4.1): key identifier of its authority and serial number, as they are in DER. */
export function certificateId(leaf: Uint8Array): string {
  const certificate = new X509Certificate(new Uint8Array(leaf));
  const keyId = certificate.getExtension(AuthorityKeyIdentifierExtension)?.keyId;
  if (keyId === undefined) {
    throw new IssuanceError("ask when to renew", "the certificate does not name its authority");
  }
  return [keyId, integerContent(certificate.serialNumber)].map(base64url).join(".");
}

/** A positive INTEGER as DER has it (X.690, Section 8.3): the library leaves a leading zero away. */
function integerContent(hexadecimal: string): string {
  const digits = hexadecimal.replace(/^(00)+(?=.)/, "");
  return parseInt(digits.slice(0, 2), 16) >= 0x80 ? `00${digits}` : digits;
}

function base64url(hexadecimal: string): string {
  return Uint8Array.fromHex(hexadecimal).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** ACME renewal information (RFC 9773), of which acme-client knows nothing. */
export class RenewalInformation {
  readonly #config: AcmeConfig;
  readonly #clock: Clock;
  #url: string | undefined | Promise<string | undefined> = undefined;

  constructor(config: AcmeConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /** Whether the CA has it at all. Throws IssuanceError where it cannot be asked. */
  async isOffered(signal: AbortSignal): Promise<boolean> {
    return await this.#resource(signal) !== undefined;
  }

  /** Undefined: the CA has no such thing. Throws IssuanceError where it does not answer as it should. */
  async windowOf(leaf: Uint8Array, signal: AbortSignal): Promise<RenewalWindow | undefined> {
    const url = await this.#resource(signal);
    if (url === undefined) return undefined;
    const { data, headers } = await this.#get(`${url.replace(/\/$/, "")}/${certificateId(leaf)}`, signal);
    const result = renewalInfoSchema.safeParse(data);
    const [start, end] = [result.data?.suggestedWindow.start, result.data?.suggestedWindow.end]
      .map((text) => new Date(text ?? NaN));
    if (!result.success || !(start! < end!)) {
      throw new IssuanceError("ask when to renew", "the CA's answer has no window");
    }
    const retryAfter = Number(headers["retry-after"] ?? NaN);
    const asked = Number.isFinite(retryAfter) ? retryAfter : usualRetry;
    const seconds = Math.min(Math.max(asked, shortestRetry), longestRetry);
    return { start: start!, end: end!, askAgain: new Date(this.#clock.now().getTime() + seconds * 1000) };
  }

  async #resource(signal: AbortSignal): Promise<string | undefined> {
    this.#url ??= this.#get(this.#config.directory, signal).then(({ data }) =>
      directorySchema.parse(data).renewalInfo
    );
    try {
      return await this.#url;
    } catch (cause) {
      this.#url = undefined;
      throw new IssuanceError("ask when to renew", "the CA's directory cannot be read", { cause });
    }
  }

  async #get(url: string, signal: AbortSignal): Promise<HttpsAnswer> {
    const answer = await requestHttps(url, { method: "GET" }, this.#config.ca, signal);
    if (answer.status === 200) return answer;
    throw new IssuanceError("ask when to renew", `${new URL(url).host} answers with status ${answer.status}`);
  }
}
