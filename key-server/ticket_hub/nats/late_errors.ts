import type { Logger } from "../../../shared/log.ts";

/** What TLS and sockets say when the other side ends a connection. */
const isOfConnection =
  /(?:read|write) E[A-Z]+|fatal alert|close_notify|handshake eof|peer closed|invalid peer certificate|ECONNRESET|EPIPE|reset by peer|broken pipe/i;

/**
 * In TLS 1.3 a broker refuses a client certificate after the client has done with its handshake, and the NATS client has
 * nobody listen to the socket at that moment: the error is uncaught and would end the process. Such an error is logged
 * instead; every other socket of this process has listeners of its own. Anything else stays fatal.
 */
export function guardLateErrors(log: Logger): Disposable {
  const guard = (event: ErrorEvent | PromiseRejectionEvent) => {
    const error: unknown = "reason" in event ? event.reason : event.error;
    if (!(error instanceof Error) || !isOfConnection.test(error.message)) return;
    event.preventDefault();
    log.warn({ event: "ticket-broker-late-error", reason: error.message }, "the broker ended a connection");
  };
  globalThis.addEventListener("error", guard);
  globalThis.addEventListener("unhandledrejection", guard);
  return {
    [Symbol.dispose]() {
      globalThis.removeEventListener("error", guard);
      globalThis.removeEventListener("unhandledrejection", guard);
    },
  };
}
