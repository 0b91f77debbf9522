import type { Authorization, Client, Order } from "acme-client";
import { HoldfastError } from "../../../shared/errors.ts";
import type { TokenKey } from "../../token/token_key.ts";
import type { Clock } from "../../rotation/clock.ts";
import { certificateRequest } from "../certificate_request.ts";
import { IssuanceError } from "../errors.ts";
import type { TokenKeys } from "../token_keys.ts";
import { openAccount } from "./account_client.ts";
import type { AcmeConfig } from "./acme_config.ts";
import { type AlpnChallenge, alpnChallenge } from "./alpn_certificate.ts";
import { OrderGoneError } from "./errors.ts";
import { certificateId, RenewalInformation } from "./renewal_information.ts";

/** An order that is to be led to its certificate. */
export interface CompleteOptions {
  readonly orderUrl: string;
  /** The certificate's, which also signs the answers to challenges. */
  readonly key: TokenKey;
  readonly serverNames: readonly string[];
  readonly decrypts: boolean;
  /** Resolves once whoever connects is answered so. */
  readonly answer: (challenges: readonly AlpnChallenge[]) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Milliseconds between two looks at an order: at first, and at most; and how long in all. */
const firstPause = 250;
const longestPause = 5000;
const patience = 180_000;

/** A CA that is spoken to by ACME (RFC 8555), with an account whose key is in a token. */
export class AcmeIssuer {
  readonly renewalInformation: RenewalInformation;
  readonly #config: AcmeConfig;
  readonly #keys: TokenKeys;
  readonly #clock: Clock;

  constructor(config: AcmeConfig, keys: TokenKeys, clock: Clock) {
    this.#config = config;
    this.#keys = keys;
    this.#clock = clock;
    this.renewalInformation = new RenewalInformation(config, clock);
  }

  /**
   * Orders a certificate; returns the order's URL. `replaced` is the leaf, in DER, that it stands in for, which a CA with ARI is
   * told (RFC 9773, Section 5). Throws IssuanceError, TokenError.
   */
  async order(
    serverNames: readonly string[],
    replaced: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<string> {
    return await this.#speaking(signal, async (client) => {
      const identifiers = serverNames.map((value) => ({ type: "dns", value }));
      const replaces = await this.#replacedId(replaced, signal);
      if (replaces !== undefined) {
        try {
          return (await client.createOrder({ identifiers, ...{ replaces } })).url;
        } catch (error) {
          // A CA may not know that certificate, or have had it replaced (Section 5): that is no reason to have none.
          if (error instanceof HoldfastError || isAbort(error)) throw error;
        }
      }
      return (await client.createOrder({ identifiers })).url;
    });
  }

  /**
   * Leads an order to its certificate, from wherever it stands. Returns the chain in PEM. Throws OrderGoneError for an order that
   * comes to nothing, IssuanceError, TokenError, and what `signal` was aborted with.
   */
  async complete(options: CompleteOptions): Promise<string> {
    return await this.#speaking(options.signal, async (client) => {
      let order = await this.#order(client, options.orderUrl);
      if (order.status === "pending") {
        await this.#authorize(client, order, options);
        order = await this.#until(client, order, options.signal, ({ status }) => status !== "pending");
      }
      if (order.status === "ready") {
        const { key, serverNames, decrypts } = options;
        order = await client.finalizeOrder(order, await certificateRequest(key, serverNames, decrypts));
      }
      order = await this.#until(client, order, options.signal, ({ status }) => status === "valid");
      return await client.getCertificate(order);
    });
  }

  /** Undefined: the CA is not to be told. */
  async #replacedId(replaced: Uint8Array | undefined, signal: AbortSignal): Promise<string | undefined> {
    try {
      return replaced !== undefined && await this.renewalInformation.isOffered(signal)
        ? certificateId(replaced)
        : undefined;
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  async #authorize(client: Client, order: Order, { key, answer, signal }: CompleteOptions): Promise<void> {
    const authorizations = (await client.getAuthorizations(order)).filter(({ status }) =>
      status === "pending"
    );
    const answered = authorizations.map((authorization) => {
      const challenge = authorization.challenges.find(isTlsAlpn);
      if (challenge !== undefined) return { serverName: authorization.identifier.value, challenge };
      throw new IssuanceError(
        "get a certificate",
        `the CA offers no tls-alpn-01 for ${authorization.identifier.value}`,
      );
    });
    await answer(
      await Promise.all(answered.map(async ({ serverName, challenge }) => {
        const keyAuthorization = await client.getChallengeKeyAuthorization(challenge);
        return await alpnChallenge(key, serverName, keyAuthorization, this.#clock.now());
      })),
    );
    signal.throwIfAborted();
    for (const { challenge } of answered) {
      if (challenge.status === "pending") await client.completeChallenge(challenge);
    }
  }

  /** An invalid order never becomes anything else. */
  async #until(
    client: Client,
    order: Order,
    signal: AbortSignal,
    isReached: (order: Order) => boolean,
  ): Promise<Order> {
    const end = performance.now() + patience;
    for (let pause = firstPause; !isReached(order); pause = Math.min(pause * 2, longestPause)) {
      if (order.status === "invalid") throw new OrderGoneError(await refusalOf(client, order));
      if (performance.now() > end) {
        throw new IssuanceError("get a certificate", "the CA does not come to an end");
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
      signal.throwIfAborted();
      order = await this.#order(client, order.url);
    }
    return order;
  }

  async #order(client: Client, url: string): Promise<Order> {
    try {
      return await client.getOrder({ url } as Order);
    } catch (error) {
      if (error instanceof HoldfastError || isAbort(error)) throw error;
      throw new OrderGoneError(`the CA knows the order no more (${words(error)})`, { cause: error });
    }
  }

  /** What the CA says, in our own errors. */
  async #speaking<T>(signal: AbortSignal, use: (client: Client) => Promise<T>): Promise<T> {
    try {
      return await use(await openAccount(this.#config, this.#keys, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Error) || error instanceof HoldfastError) throw error;
      const { host } = new URL(this.#config.directory);
      throw new IssuanceError("get a certificate", `${host} refuses (${words(error)})`, { cause: error });
    }
  }
}

/** acme-client's types do not know this kind (RFC 8737); its code does. */
function isTlsAlpn({ type }: { readonly type: string }): boolean {
  return type === "tls-alpn-01";
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

function words(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 500) : "unknown failure";
}

/** The CA's own words for the first name that it could not be convinced of. */
async function refusalOf(client: Client, order: Order): Promise<string> {
  const authorizations: Authorization[] = await client.getAuthorizations(order).catch(() => []);
  for (const { identifier, challenges } of authorizations) {
    for (const challenge of challenges) {
      const { error } = challenge as { error?: { detail?: string } };
      if (error !== undefined) {
        return `the CA refuses ${identifier.value}: ${error.detail ?? "no reason given"}`;
      }
    }
  }
  const { error } = order as { error?: { detail?: string } };
  return `the CA refuses the order: ${error?.detail ?? "no reason given"}`;
}
