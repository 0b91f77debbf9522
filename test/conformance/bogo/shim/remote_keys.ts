import { openRemoteSigner, type RemoteSigner } from "../../../../edge-terminator/keyless/remote_signer.ts";
import type {
  RsaDecryptionRequest,
  SignatureRequest,
} from "../../../../edge-terminator/tls/server_events.ts";
import type { LockedPool } from "../../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../../shared/memory/secret.ts";
import type { Credential } from "./credential.ts";
import type { PrivateKeys } from "./private_keys.ts";

/** What the shim must know of the key server that holds the runner's keys: the file behind `-remote-key`, in JSON. */
export interface RemoteKeySettings {
  readonly host: string;
  readonly port: number;
  /** The name in the key server's certificate. */
  readonly name: string;
  /** Paths of PEM files. */
  readonly ca: string;
  readonly certificate: string;
  readonly privateKey: string;
  /** A file that grows by one byte for each private key operation of any shim. */
  readonly tally: string;
}

/** Milliseconds; well under the runner's own patience. */
const deadline = 8000;

/** Sends every private key operation to a key server, as an edge does, through the edge's own client. */
export class RemoteKeys implements PrivateKeys {
  readonly #signer: RemoteSigner;
  readonly #tally: string;

  private constructor({ host, port, name, ca, certificate, privateKey, tally }: RemoteKeySettings) {
    this.#tally = tally;
    this.#signer = openRemoteSigner({
      keyServers: [{ name, address: { host, port }, ca }],
      identity: { certificate, privateKey },
      transcript: "hash",
    });
  }

  static async open(settingsFile: string): Promise<RemoteKeys> {
    return new RemoteKeys(JSON.parse(await Deno.readTextFile(settingsFile)));
  }

  async sign(request: SignatureRequest): Promise<Uint8Array> {
    await this.#count();
    return await this.#signer.sign(request, { deadline });
  }

  async exchangeRsaKey(request: RsaDecryptionRequest, _: Credential, pool: LockedPool): Promise<Secret> {
    await this.#count();
    return await this.#signer.exchangeRsaKey(request, { deadline, pool });
  }

  async #count(): Promise<void> {
    await Deno.writeFile(this.#tally, new Uint8Array(1), { append: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#signer.close();
  }
}
