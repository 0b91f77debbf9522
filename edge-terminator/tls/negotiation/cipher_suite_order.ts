import { CipherSuite } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import type { ResolvedOptions } from "../server_options.ts";

const chaChaSuites: ReadonlySet<number> = new Set([
  CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
  CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
  CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
]);

/**
 * The suites that both sides speak, by the server's preference; but a client that puts ChaCha20-Poly1305 before all it
 * shares with us has no AES in hardware, and gets it.
 */
export function commonSuiteNumbers(options: ResolvedOptions, hello: ClientHello): readonly number[] {
  const common = options.cipherSuites.filter((id) => hello.cipherSuites.includes(id));
  const clientsFirst = hello.cipherSuites.find((id) => common.includes(id));
  if (clientsFirst === undefined || !chaChaSuites.has(clientsFirst)) return common;
  return [...common.filter((id) => chaChaSuites.has(id)), ...common.filter((id) => !chaChaSuites.has(id))];
}
