import { type AeadName } from "../../../shared/libcrypto/aead.ts";
import type { HashName } from "../../../shared/libcrypto/digest.ts";
import type { Endpoint } from "../../harness/clients/negotiated.ts";
import { poll } from "../../harness/poll.ts";
import { TemporaryFolder } from "../../harness/temporary_folder.ts";
import type { NamedSecret } from "./named_secret.ts";
import { type AuditedSession, request } from "./session.ts";
import { Tls13Schedule } from "./tls13_secrets.ts";

/** What s_client is asked for, and what follows from it. */
export interface KeyLogCase {
  readonly version: "1.2" | "1.3";
  /** OpenSSL's name. */
  readonly cipherSuite: string;
  readonly hash: HashName;
  readonly aead: AeadName;
}

/** A session of `openssl s_client`, which writes its secrets to a key log: nothing of this client is ours. */
export class KeyLogSession implements AuditedSession {
  readonly name: string;
  readonly #folder: TemporaryFolder;
  readonly #case: KeyLogCase;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  #output = "";

  private constructor(of: KeyLogCase, folder: TemporaryFolder, child: Deno.ChildProcess) {
    this.name = `openssl, TLS ${of.version}`;
    this.#case = of;
    this.#folder = folder;
    this.#child = child;
    this.#input = child.stdin.getWriter();
    this.#collect();
  }

  static async begin({ host, port, serverName }: Endpoint, of: KeyLogCase): Promise<KeyLogSession> {
    const folder = await TemporaryFolder.create("holdfast-key-log-");
    const suiteFlag = of.version === "1.3" ? "-ciphersuites" : "-cipher";
    const child = new Deno.Command("openssl", {
      args: [
        ...["s_client", "-quiet", "-connect", `${host}:${port}`, "-servername", serverName],
        ...[
          `-tls${of.version.replace(".", "_")}`,
          suiteFlag,
          of.cipherSuite,
          "-keylogfile",
          folder.file("log"),
        ],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    return new KeyLogSession(of, folder, child);
  }

  async complete(): Promise<void> {
    await this.renewKeys();
  }

  /** s_client renews nothing here; one more request. */
  async renewKeys(): Promise<void> {
    this.#output = "";
    await this.#input.write(request(this.name) as Uint8Array<ArrayBuffer>);
    await poll("a response to openssl", () => this.#output.includes("</html>"));
  }

  async close(): Promise<void> {
    await this.#input.close();
    this.#child.kill("SIGTERM");
    await this.#child.status;
  }

  secrets(): NamedSecret[] {
    const log = this.#readLog();
    const secrets = this.#case.version === "1.3" ? this.#tls13(log) : this.#tls12(log);
    return secrets.map((secret) => ({ ...secret, name: `${this.name}: ${secret.name}` }));
  }

  #tls13(log: ReadonlyMap<string, Uint8Array>): NamedSecret[] {
    const { hash, aead } = this.#case;
    const schedule = new Tls13Schedule(hash, aead);
    return [...log].flatMap(([label, bytes]) =>
      label === "EXPORTER_SECRET"
        ? [{ name: label, bytes, hmac: hash }]
        : schedule.traffic(label, bytes, label.endsWith("TRAFFIC_SECRET_0"))
    );
  }

  /** The log has the client's random but not the server's, so nothing follows from the master secret. */
  #tls12(log: ReadonlyMap<string, Uint8Array>): NamedSecret[] {
    return [...log.values()].map((bytes) => ({ name: "master secret", bytes, hmac: this.#case.hash }));
  }

  /** NSS's key log format: label, client random, secret. */
  #readLog(): Map<string, Uint8Array> {
    const lines = Deno.readTextFileSync(this.#folder.file("log")).split("\n");
    const entries = lines.map((line) => line.split(" ")).filter(([label, , secret]) =>
      /^[A-Z]/.test(label!) && secret
    );
    if (entries.length === 0) throw new Error("Cannot audit openssl's session: its key log is empty");
    return new Map(entries.map(([label, , secret]) => [label!, Uint8Array.fromHex(secret!)]));
  }

  async #collect(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) this.#output += text;
  }

  [Symbol.dispose](): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    this.#folder[Symbol.asyncDispose]();
  }
}
