import { fileURLToPath } from "node:url";
import { KeyServerSetup } from "../../../key-server/test_setup.ts";
import { verifySignature } from "../../../shared/libcrypto/verify.ts";
import { parseCertificate } from "../../../shared/libcrypto/x509.ts";
import { certificateVerifyContent } from "../../../key-server/operations/sign_tls13.ts";
import { mustRun } from "../../harness/command.ts";
import { parseExposition } from "../../harness/exposition.ts";
import { edgeIdentity } from "../../harness/identities.ts";
import { LoadConnection } from "./load_connection.ts";
import type { RawJob, RawResult, RawWay } from "./raw/job.ts";

/** The keys that are measured, by the names that they have in token, grants and tables. */
export const measuredKeys = [
  { name: "ecdsa-p256", type: "ecdsa-p256" },
  { name: "rsa-2048", type: "rsa-2048" },
] as const;

export type MeasuredKey = (typeof measuredKeys)[number]["name"];

/** Sessions of the token: the default of a `[[token]]`. */
export const sessions = 8;

/** The key server under measurement with its token, and raw users of the same token. */
export class Stage implements AsyncDisposable {
  readonly #setup: KeyServerSetup;

  /** `edges`: how many have grants. */
  private constructor(setup: KeyServerSetup, readonly edges: number) {
    this.#setup = setup;
  }

  /** A key server as a user starts it, with grants for so many edges. */
  static async start(edges: number): Promise<Stage> {
    const grant = Array.from({ length: edges }, (_, edge) =>
      measuredKeys.map(({ name }) => ({
        edge: edgeIdentity(`pop${edge + 1}`),
        key: name,
        operations: ["sign-tls13"],
      }))).flat();
    const setup = await KeyServerSetup.start({
      keys: measuredKeys,
      patch: ({ token }) => ({
        token: [{ uri: token.uri, pin: `file:${token.pinFile}`, sessions }],
        grant,
        log: { level: "warn" },
      }),
    });
    return new Stage(setup, edges);
  }

  get pid(): number {
    return this.#setup.server.pid;
  }

  /** One connection for each edge, each with a certificate of its own. */
  async connect(key: MeasuredKey, edges: number): Promise<LoadConnection[]> {
    const { installation } = this.#setup;
    const request = await this.#setup.request(key);
    const [address, ca] = [installation.address("keyServer"), installation.pki.keyServers.certificatePem];
    return await Promise.all(Array.from({ length: edges }, async (_, edge) => {
      const identity = await this.#setup.identity(`pop${edge + 1}`);
      return await LoadConnection.dial({ address, ca, identity, request });
    }));
  }

  /** C_Sign without us, in a process of its own: no two users of the module in one process meet. */
  async raw(label: MeasuredKey, way: RawWay, seconds: number): Promise<RawResult> {
    const { uri, pinFile, env } = this.#setup.installation.token;
    const job: RawJob = { uri, pinFile, label, seconds, way };
    const program = fileURLToPath(new URL("raw/program.ts", import.meta.url));
    const args = ["run", "--quiet", "--cached-only", "-A", program];
    const deadline = 30_000 + 3000 * seconds;
    const { stdout } = await mustRun(Deno.execPath(), args, { input: JSON.stringify(job), env, deadline });
    return JSON.parse(stdout) as RawResult;
  }

  /** Throws unless every sample is a signature of the key over what was asked. Gives how many there were. */
  async verify(key: MeasuredKey, connections: readonly LoadConnection[]): Promise<number> {
    const { subjectPublicKeyInfo } = parseCertificate(await this.#setup.leaf(key));
    const { signatureScheme } = await this.#setup.request(key);
    const samples = connections.flatMap((connection) => connection.samples.splice(0));
    for (const { transcriptHash, signature } of samples) {
      const content = certificateVerifyContent(transcriptHash);
      if (!verifySignature(subjectPublicKeyInfo, signatureScheme, content, signature)) {
        throw new Error(`Cannot believe the figures: a signature by ${key} does not verify`);
      }
    }
    return samples.length;
  }

  /** The key server's counts of its event loop's lag: how many samples were at most so many seconds late. */
  async lagBuckets(): Promise<ReadonlyMap<number, number>> {
    const { body } = await this.#setup.server.admin("/metrics");
    return new Map(
      parseExposition(body)
        .filter(({ name }) => name === "holdfast_key_server_event_loop_lag_seconds_bucket")
        .map(({ labels, value }) => [labels["le"] === "+Inf" ? Infinity : Number(labels["le"]), value]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#setup[Symbol.asyncDispose]();
  }
}
