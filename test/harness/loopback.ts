/**
 * A loopback address of its own, from 127.0.0.0/8, for one system under test.
 *
 * Every system can then use the same ports, and tests in parallel never meet: not even two edges, whose
 * SO_REUSEPORT sockets would share a port silently instead of failing.
 */
export function ownLoopbackAddress(): string {
  const [b = 0, c = 0, d = 0] = crypto.getRandomValues(new Uint8Array(3));
  return `127.${(b % 253) + 2}.${c}.${(d % 254) + 1}`;
}

/** A TCP port on `host` that nobody listens on now. */
export function freePort(host = "127.0.0.1"): number {
  using listener = Deno.listen({ hostname: host, port: 0 });
  return listener.addr.port;
}
