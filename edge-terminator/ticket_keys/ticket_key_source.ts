import type { TicketKeyProvider } from "../tls/tickets/ticket_key_provider.ts";
import type { KeyStatus } from "./key_ring.ts";

/** A provider that this process runs: what the engine needs of it, and what whoever runs it does. */
export interface TicketKeySource extends TicketKeyProvider, Disposable {
  /** Makes what is due and zeroes what is over. Called about once a second, never from a handshake. */
  tick(): void;
  /** Newest first; names, states and ages, never a key. */
  status(): KeyStatus[];
}

/** Milliseconds between ticks: how late a key may be zeroed. What it opens and seals ends on time without them. */
const tickInterval = 1000;

/** Ticks until disposed. Does not keep the process alive. */
export function keepTicking(source: Pick<TicketKeySource, "tick">): Disposable {
  const timer = setInterval(() => source.tick(), tickInterval);
  Deno.unrefTimer(timer);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
