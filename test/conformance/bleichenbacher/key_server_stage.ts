import { stringify } from "smol-toml";
import { LoggedAudit } from "../../../key-server/audit/logged_audit.ts";
import { Authorizer } from "../../../key-server/authorize.ts";
import { loadKeyServerConfig } from "../../../key-server/config.ts";
import { KeyOperations } from "../../../key-server/key_operations.ts";
import { KeyRing } from "../../../key-server/key_ring.ts";
import { openSecretMemory } from "../../../key-server/secret_memory.ts";
import { openRegistry } from "../../../key-server/registry/open_registry.ts";
import { ServerMetrics } from "../../../key-server/server_metrics.ts";
import type { RsaDecryption } from "../../../key-server/token/rsa_decryption.ts";
import { writePublic } from "../../../certs/write.ts";
import type { KeylessAnswer } from "../../../shared/keyless_protocol/answers.ts";
import type { RsaKeyExchangeRequest } from "../../../shared/keyless_protocol/operations.ts";
import { createLogger } from "../../../shared/log.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { keyServerConfig } from "../../harness/default_configs.ts";
import { edgeIdentity } from "../../harness/identities.ts";
import { Installation } from "../../harness/installation.ts";
import { TemporaryFolder } from "../../harness/temporary_folder.ts";

const edge = { name: edgeIdentity("pop1"), notAfter: undefined };

/**
 * A key server without its sockets, in this process, over a SoftHSM token with one RSA key: what is timed is a request's
 * way through it and nothing else. One for a process, since SoftHSM reads where its tokens are only once.
 */
export class KeyServerStage implements AsyncDisposable {
  readonly #operations: KeyOperations;
  readonly #parts: AsyncDisposableStack;
  /** When the token gave its last answer, on the clock of `performance.now`. */
  tokenAnswered = 0;

  private constructor(
    /** PEM file of the key's certificate. */
    readonly certificateFile: string,
    readonly decryption: RsaDecryption,
    readonly memory: LockedPool,
    operations: KeyOperations,
    parts: AsyncDisposableStack,
  ) {
    this.#operations = operations;
    this.#parts = parts;
    const decrypt = decryption.decrypt.bind(decryption);
    decryption.decrypt = async (ciphertext, isLate) => {
      const decrypted = await decrypt(ciphertext, isLate);
      this.tokenAnswered = performance.now();
      return decrypted;
    };
  }

  static async open(): Promise<KeyServerStage> {
    await using parts = new AsyncDisposableStack();
    const folder = parts.use(await TemporaryFolder.create()).path;
    const keys = [{ name: "www-rsa", type: "rsa-2048", decrypts: true }] as const;
    const installation = await Installation.create({ folder, host: "127.0.0.1", keys });
    for (const [name, value] of Object.entries(installation.token.env)) Deno.env.set(name, value);
    const configFile = installation.file("key-server.toml");
    await writePublic(configFile, stringify(keyServerConfig(installation, 0)));

    const config = await loadKeyServerConfig(configFile);
    const log = createLogger("key-server", "error");
    const memory = parts.use(openSecretMemory(config, log));
    const ring = parts.use(await KeyRing.open(config, memory, log));
    const registry = parts.use(await openRegistry(config, ring, log));
    await ring.follow(registry);
    const [key] = ring.keys;
    const metrics = new ServerMetrics({
      inFlight: () => 0,
      connections: () => 0,
      poolBlocks: () => memory.blockCount,
      poolBlocksUsed: () => memory.blocksInUse,
    });
    const operations = new KeyOperations({
      keys: ring,
      memory,
      authorizer: parts.use(new Authorizer(registry)),
      metrics: () => metrics,
      log,
      audit: new LoggedAudit(log),
      inFlightLimit: 16,
      requestDeadline: 60_000,
    });
    const certificateFile = installation.file("www-rsa.pem");
    return new KeyServerStage(certificateFile, key!.copies[0]!.decryption!, memory, operations, parts.move());
  }

  /** The key server's answer, as an edge that has a grant gets it. */
  answer(request: RsaKeyExchangeRequest): Promise<KeylessAnswer> {
    return this.#operations.answer(edge, request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}
