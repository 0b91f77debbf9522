import { rsaKeyExchangeSuites } from "../../edge-terminator/tls/cipher_suites.ts";
import type { TlsServerOptions } from "../../edge-terminator/tls/server_options.ts";
import type { TlsSite } from "../../edge-terminator/tls/site.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import { CipherSuite, ContentType, ExtensionType, NamedGroup } from "../../shared/tls_constants.ts";
import { type ClientIdentity, ClientPki } from "../harness/client_pki.ts";
import {
  certificateMessage,
  certificateTls12Message,
  certificateVerifyMessage,
} from "../peer/client_certificate.ts";
import { extension } from "../peer/hello_builder.ts";
import { type ClientSession, ScriptedClient, type ScriptedClientOptions } from "../peer/scripted_client.ts";
import {
  ScriptedTls12Client,
  type Tls12ClientSession,
  usualTls12Extensions,
} from "../peer/scripted_tls12_client.ts";
import { kemSecret, type SoakServer, soakSite } from "./soak_server.ts";
import type { SoakClient } from "./endings.ts";

/** Yields after every step of the engine's, to a good end if nobody stops it. */
type Steps = Generator<void, void>;

/** One way through a handshake. */
export interface HandshakeKind {
  readonly name: string;
  readonly options?: Partial<TlsServerOptions>;
  readonly site?: TlsSite;
  connect(pool: LockedPool): Disposable & SoakClient & { play(server: SoakServer): Steps };
}

/** Bytes for the server, then its questions, one after the other; the client reads what it says. */
function* exchange(
  server: SoakServer,
  client: { receive(bytes: Uint8Array | undefined): void },
  bytes: Uint8Array,
): Steps {
  server.receive(bytes);
  yield;
  while (server.asks) {
    server.answer();
    yield;
  }
  client.receive(server.engine.takeOutput());
}

function* talk(server: SoakServer, client: ScriptedClient | ScriptedTls12Client): Steps {
  yield* exchange(server, client, client.seal(ContentType.application_data, new Uint8Array(100)));
  server.engine.send(new Uint8Array(1000));
  client.receive(server.engine.takeOutput());
  yield;
  yield* exchange(server, client, client.seal(ContentType.alert, new Uint8Array([1, 0])));
  server.engine.close();
}

interface Tls13Details {
  readonly client?: Omit<ScriptedClientOptions, "pool">;
  readonly options?: Partial<TlsServerOptions>;
  readonly identity?: ClientIdentity;
  readonly session?: () => ClientSession | undefined;
}

const askingSite: TlsSite = { ...soakSite, clientCertificates: { mode: "required" } };

function tls13(
  name: string,
  { client: fields = {}, options = {}, identity, session }: Tls13Details,
): HandshakeKind {
  return {
    name: `TLS 1.3, ${name}`,
    options,
    ...(identity === undefined ? {} : { site: askingSite }),
    connect(pool) {
      const offered = session?.();
      const client = new ScriptedClient({ ...fields, ...(offered && { session: offered }), pool });
      return {
        *play(server) {
          yield;
          yield* exchange(server, client, client.start());
          if (server.engine.state === "awaiting-second-client-hello") {
            yield* exchange(server, client, client.restart(NamedGroup.x25519));
          }
          if (identity !== undefined) {
            yield* exchange(server, client, client.handshake(certificateMessage(identity.chain)));
            const verify = certificateVerifyMessage(identity, client.signedContent);
            yield* exchange(server, client, client.handshake(verify));
          }
          yield* exchange(server, client, client.finished());
          yield* exchange(server, client, client.keyUpdate());
          yield* talk(server, client);
        },
        seal: (type, content) => client.seal(type, content),
        [Symbol.dispose]: () => client[Symbol.dispose](),
      };
    },
  };
}

interface Tls12Details {
  readonly fields?: ConstructorParameters<typeof ScriptedTls12Client>[1];
  readonly options?: Partial<TlsServerOptions>;
  readonly identity?: ClientIdentity;
  readonly keyExchange?: "ecdhe" | "rsa";
  readonly session?: () => Tls12ClientSession | undefined;
}

function tls12(
  name: string,
  { fields = {}, options = {}, identity, keyExchange = "ecdhe", session }: Tls12Details,
): HandshakeKind {
  return {
    name: `TLS 1.2, ${name}`,
    options,
    ...(identity === undefined ? {} : { site: askingSite }),
    connect(pool) {
      const client = new ScriptedTls12Client(pool, fields, session?.());
      return {
        *play(server) {
          yield;
          yield* exchange(server, client, client.start());
          if (!client.resumed) {
            if (identity !== undefined) {
              yield* exchange(server, client, client.handshake(certificateTls12Message(identity.chain)));
            }
            const ciphertext = new Uint8Array(256).fill(1);
            const share = keyExchange === "ecdhe"
              ? client.clientKeyExchange()
              : client.rsaClientKeyExchange(ciphertext, new Uint8Array(48).fill(3));
            // The server owns what it is answered with, the client keeps its own.
            server.masterSecret = () => copyOf(pool, client.session.master.bytes);
            yield* exchange(server, client, share);
            if (identity !== undefined) {
              const verify = certificateVerifyMessage(identity, client.signedContent);
              yield* exchange(server, client, client.handshake(verify));
            }
          }
          yield* exchange(server, client, client.changeCipherSpec());
          yield* exchange(server, client, client.finished());
          yield* talk(server, client);
        },
        seal: (type, content) => client.seal(type, content),
        [Symbol.dispose]: () => client[Symbol.dispose](),
      };
    },
  };
}

function copyOf(pool: LockedPool, bytes: Uint8Array) {
  const copy = pool.rent(bytes.length);
  copy.bytes.set(bytes);
  return copy;
}

export interface Resumables {
  ticket(): ClientSession | undefined;
  sessionId(): Tls12ClientSession | undefined;
}

/** Every way through a handshake that the engine has, with the sessions that resumptions come back with. */
export async function everyHandshake(resumables: Resumables): Promise<readonly HandshakeKind[]> {
  const pki = await ClientPki.create();
  const identity = await pki.issue();
  const serverName = "soak.test";
  return [
    tls13("x25519", { client: { fields: { serverName } }, options: { exportsKeyingMaterial: true } }),
    tls13("secp256r1 and ChaCha20", {
      client: {
        fields: { cipherSuites: [CipherSuite.TLS_CHACHA20_POLY1305_SHA256] },
        shareGroups: [NamedGroup.secp256r1],
      },
      options: { groups: [NamedGroup.secp256r1] },
    }),
    tls13("X25519MLKEM768", {
      client: {
        fields: { groups: [NamedGroup.X25519MLKEM768] },
        shareGroups: [NamedGroup.X25519MLKEM768],
        kemSecret,
      },
    }),
    tls13("HelloRetryRequest", {
      client: { fields: { keyShares: [] } },
      options: { groups: [NamedGroup.x25519] },
    }),
    tls13("resumed by ticket", { client: { fields: { serverName } }, session: resumables.ticket }),
    tls13("client certificate", { identity }),
    tls12("ECDHE", { fields: { serverName }, options: { exportsKeyingMaterial: true } }),
    tls12("ECDHE with a ticket", {
      fields: {
        extraExtensions: [...usualTls12Extensions, extension(ExtensionType.session_ticket, () => {})],
      },
    }),
    tls12("resumed by session id", { fields: { serverName }, session: resumables.sessionId }),
    tls12("client certificate", { identity }),
    tls12("RSA key exchange", {
      fields: { cipherSuites: rsaKeyExchangeSuites },
      options: { cipherSuites: rsaKeyExchangeSuites },
      keyExchange: "rsa",
    }),
  ];
}
