/**
 * Peers that are connected, not more than a limit. Who has not finished its handshake is a stranger, and strangers give
 * way to newcomers, the oldest first: a handshake takes milliseconds and doing nothing takes the whole deadline, so whoever
 * does nothing would otherwise keep the others out. Who is through its handshake never gives way.
 */
export class BoundedPeers<Peer> {
  readonly #limit: number;
  readonly #peers = new Set<Peer>();
  /** In the order of their coming. */
  readonly #strangers = new Set<Peer>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Established peers and strangers. */
  get size(): number {
    return this.#peers.size;
  }

  /**
   * Makes room for one more: nobody has to go, or the oldest stranger, who is no longer counted and is given to `dismiss`.
   * False: established peers have taken the whole limit.
   */
  makeRoom(dismiss: (stranger: Peer) => void): boolean {
    if (this.#peers.size < this.#limit) return true;
    const [oldest] = this.#strangers;
    if (oldest === undefined) return false;
    this.delete(oldest);
    dismiss(oldest);
    return true;
  }

  /** Counts a peer, as a stranger. */
  add(peer: Peer): void {
    this.#peers.add(peer);
    this.#strangers.add(peer);
  }

  /** The peer is through its handshake: it stays as long as it likes. */
  establish(peer: Peer): void {
    this.#strangers.delete(peer);
  }

  /** Whether it was counted until now. */
  delete(peer: Peer): boolean {
    this.#strangers.delete(peer);
    return this.#peers.delete(peer);
  }

  /** A copy: whoever goes through it may delete. */
  strangers(): readonly Peer[] {
    return [...this.#strangers];
  }

  [Symbol.iterator](): IterableIterator<Peer> {
    return this.#peers.values();
  }
}
