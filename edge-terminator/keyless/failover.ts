import type { KeyServerLink } from "./key_server_link.ts";
import { type KeyOperationError, type KeyOperationErrorCode } from "./errors.ts";

/** How long a key server that does not know a key comes last for it, in milliseconds. */
const unknownKeyMemory = 10_000;

/** What a failed attempt means for the operation. */
export type Verdict =
  /** Nobody would answer otherwise. */
  | "final"
  /** Another key server may. */
  | "elsewhere"
  /** This one may too, over a new channel. */
  | "anywhere";

/**
 * Whether an operation may be tried again. Signing twice harms nobody: the deadline is the only bound.
 *
 * - not-authorised is final although another key server may have other grants: where a permission was withdrawn
 *   it must stay withdrawn as soon as the first key server knows, and asking around would be shopping for a yes.
 * - rate-limited is final: every key server has the same limit, and asking around would undo it.
 * - bad-request is final: the same bytes are as bad anywhere.
 * - unknown-key goes elsewhere: the list may be of key servers with different tokens, each with some of the keys. It
 *   is final once all have said so; while one is away, the operation waits for it as it would for an only one.
 * - deadline-passed goes elsewhere with what is left of the handshake's own deadline: an attempt gets a part of it.
 * - connection-lost goes anywhere: the key server may have been restarted, and its return is quick.
 */
export const verdicts: Record<KeyOperationErrorCode, Verdict> = {
  "not-authorised": "final",
  "rate-limited": "final",
  "bad-request": "final",
  "no-key-server": "final",
  "signer-closed": "final",
  "unknown-key": "elsewhere",
  "overloaded": "elsewhere",
  "edge-overloaded": "elsewhere",
  "deadline-passed": "elsewhere",
  "token-failure": "elsewhere",
  "connection-lost": "anywhere",
};

/**
 * Chooses the key server for an attempt: the first in the configuration's order that is connected and not in
 * trouble. The order is a preference (the nearest first), the others are there for when it fails.
 */
export class Failover {
  readonly #links: readonly KeyServerLink[];
  readonly #lackingKeys = new Map<KeyServerLink, Map<string, number>>();
  readonly #waiting = new Set<() => void>();
  readonly #maximumWaiting: number;

  constructor(links: readonly KeyServerLink[], maximumWaiting: number) {
    this.#links = links;
    this.#maximumWaiting = maximumWaiting;
  }

  /** How many operations wait for a connection. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether another operation may wait for a connection. */
  get mayWait(): boolean {
    return this.#waiting.size < this.#maximumWaiting;
  }

  /** The connected key servers not in `excluded`, best first. */
  candidates(keyName: string, excluded: ReadonlySet<KeyServerLink>): KeyServerLink[] {
    const rank = (link: KeyServerLink) =>
      (this.#isKnownToLack(link, keyName) ? 2 : 0) + (link.isPreferred ? 0 : 1);
    return this.#links
      .filter((link) => link.isConnected && !excluded.has(link))
      .map((link) => ({ link, rank: rank(link) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ link }) => link);
  }

  /** Whether a key server outside `excluded` may yet come (back). */
  mayComeBack(excluded: ReadonlySet<KeyServerLink>): boolean {
    return this.#links.some((link) => !excluded.has(link) && !link.isConnected);
  }

  /** Remembers that a key server lacks a key: it comes last for it for a while. */
  note(link: KeyServerLink, keyName: string, error: KeyOperationError): void {
    if (error.code !== "unknown-key") return;
    const lacking = this.#lackingKeys.get(link) ?? new Map<string, number>();
    this.#lackingKeys.set(link, lacking.set(keyName, performance.now() + unknownKeyMemory));
  }

  /** Calls `proceed` once, when the next channel is accepted; returns how to stop waiting. */
  waitForConnection(proceed: () => void): () => void {
    this.#waiting.add(proceed);
    return () => this.#waiting.delete(proceed);
  }

  /** A channel was accepted, or the signer closes: whoever waits looks again. */
  wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const proceed of waiting) proceed();
  }

  #isKnownToLack(link: KeyServerLink, keyName: string): boolean {
    const lacking = this.#lackingKeys.get(link);
    const until = lacking?.get(keyName);
    if (until === undefined) return false;
    if (until > performance.now()) return true;
    lacking?.delete(keyName);
    return false;
  }
}
