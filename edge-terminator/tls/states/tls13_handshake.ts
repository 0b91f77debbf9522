import type { HandshakeSecret } from "../key_schedule/handshake_secret.ts";
import type {
  ClientHandshakeTrafficSecret,
  ServerHandshakeTrafficSecret,
} from "../key_schedule/handshake_traffic_secret.ts";
import type { Tls13Choice } from "../tls13_choice.ts";

/** What a TLS 1.3 handshake carries from ServerHello to Finished. The secrets are kept by the connection's keeper. */
export interface Tls13Handshake {
  readonly choice: Tls13Choice;
  readonly helloRetryRequest: boolean;
  readonly handshakeSecret: HandshakeSecret;
  readonly clientSecret: ClientHandshakeTrafficSecret;
  readonly serverSecret: ServerHandshakeTrafficSecret;
}
