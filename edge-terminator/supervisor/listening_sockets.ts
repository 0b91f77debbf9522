import { closeDescriptor, setCloseOnExec } from "../../shared/libc/bindings.ts";
import { localPort, openReusePortListener } from "../../shared/libc/sockets.ts";
import { formatAddress, type TcpAddress } from "../../shared/config/address.ts";
import { HoldfastError } from "../../shared/errors.ts";
import type { InheritedListener } from "../worker/control_messages.ts";

/** An address that somebody else serves, or that this host does not have. Code `cannot-listen`. */
export class ListenError extends HoldfastError {
  constructor(address: TcpAddress, options?: ErrorOptions) {
    const reason = options?.cause instanceof Error ? options.cause.message : "it cannot be bound";
    super("cannot-listen", `Cannot listen on ${formatAddress(address)}: ${reason}`, options);
  }
}

/** The sockets of one configured address: one for each worker slot that there ever was. */
interface AddressSockets {
  /** With the port that the kernel chose where the configuration says 0. */
  readonly bound: TcpAddress;
  readonly descriptors: number[];
}

/**
 * The edge's listening sockets. They belong to the supervisor, so that a connection waiting in a socket's queue is
 * reset neither by its worker's death nor by a reload.
 *
 * The number of sockets of an address only grows: closing one resets what waits in it, so after a reload with fewer
 * workers some workers get several.
 */
export class ListeningSockets implements Disposable {
  #open = new Map<string, AddressSockets>();

  /** The addresses that are listened on, with real ports. */
  get addresses(): TcpAddress[] {
    return [...this.#open.values()].map(({ bound }) => bound);
  }

  /**
   * Opens what `slots` workers on `addresses` need besides what is open. Addresses that are no longer wanted stay open
   * until `closeAllBut`. Throws {@link ListenError}, having closed again what it opened.
   */
  open(addresses: readonly TcpAddress[], slots: number): void {
    const before = new Map([...this.#open].map(([key, { descriptors }]) => [key, descriptors.length]));
    for (const address of addresses) {
      try {
        this.#openAddress(address, slots);
      } catch (cause) {
        this.#rollBack(before);
        throw new ListenError(address, { cause });
      }
    }
  }

  /** What worker number `slot` of `slots` is to listen on, of `addresses`. */
  forSlot(addresses: readonly TcpAddress[], slot: number, slots: number): InheritedListener[] {
    return addresses.flatMap((address) => {
      const { bound, descriptors } = this.#open.get(formatAddress(address))!;
      return descriptors
        .filter((_, index) => index % slots === slot)
        .map((fd) => ({ fd, address: formatAddress(bound) }));
    });
  }

  /** Closes the sockets of every address that is not in `addresses`. */
  closeAllBut(addresses: readonly TcpAddress[]): void {
    const wanted = new Set(addresses.map(formatAddress));
    for (const [key, { descriptors }] of this.#open) {
      if (wanted.has(key)) continue;
      this.#open.delete(key);
      descriptors.forEach(closeDescriptor);
    }
  }

  [Symbol.dispose](): void {
    this.closeAllBut([]);
  }

  #openAddress(address: TcpAddress, slots: number): void {
    const key = formatAddress(address);
    let sockets = this.#open.get(key);
    if (sockets === undefined) {
      refuseSharedAddress(address);
      const first = openReusePortListener(address.host, address.port);
      sockets = { bound: { host: address.host, port: localPort(first) }, descriptors: [first] };
      this.#open.set(key, sockets);
    }
    while (sockets.descriptors.length < slots) {
      sockets.descriptors.push(openReusePortListener(sockets.bound.host, sockets.bound.port));
    }
  }

  #rollBack(before: ReadonlyMap<string, number>): void {
    for (const [key, { descriptors }] of this.#open) {
      const count = before.get(key) ?? 0;
      descriptors.splice(count).forEach(closeDescriptor);
      if (count === 0) this.#open.delete(key);
    }
  }
}

/** SO_REUSEPORT would let two edges of one user share a port in silence: a socket without it finds the other. */
function refuseSharedAddress({ host, port }: TcpAddress): void {
  if (port !== 0) Deno.listen({ hostname: host, port }).close();
}

/** Runs `spawn` with `descriptors` open to the child that it starts, and to no other child before or after. */
export function withInherited<T>(descriptors: readonly number[], spawn: () => T): T {
  try {
    for (const fd of descriptors) setCloseOnExec(fd, false);
    return spawn();
  } finally {
    for (const fd of descriptors) setCloseOnExec(fd, true);
  }
}
