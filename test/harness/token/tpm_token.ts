import { join } from "node:path";
import { writeSecret } from "../../../certs/write.ts";
import { mustRun } from "../command.ts";
import { poll } from "../poll.ts";
import { ChildProcess } from "../processes/child_process.ts";
import type { JobAnswer, TokenWork } from "./job.ts";
import { runTokenProgram } from "./run_program.ts";
import type { KeySpec, TokenKey } from "./softhsm_token.ts";

/** Debian's place for the module, by architecture. */
const modulePaths = ["x86_64", "aarch64"].map((name) => `/usr/lib/${name}-linux-gnu/libtpm2_pkcs11.so.1`);

/**
 * A TPM 2.0 in software (swtpm), with a token of libtpm2-pkcs11 and keys generated in it. Like a TPM that has no resource
 * manager before it, it has places for three objects: the token's own and two keys.
 */
export class TpmToken implements AsyncDisposable {
  readonly label = "tpm";
  /** What a process must have in its environment to see this token. */
  readonly env: Readonly<Record<string, string>>;
  readonly modulePath: string;
  readonly pinFile: string;
  /** Where its objects are, encrypted by the TPM. */
  readonly folder: string;
  readonly #folder: string;
  readonly #port: number;
  #keys: readonly TokenKey[] = [];
  #process: ChildProcess | undefined;

  private constructor(folder: string, modulePath: string, port: number) {
    this.#folder = folder;
    this.#port = port;
    this.modulePath = modulePath;
    this.pinFile = join(folder, "tpm.pin");
    this.folder = join(folder, "tpm-store");
    this.env = {
      TPM2_PKCS11_TCTI: `swtpm:host=127.0.0.1,port=${port}`,
      TPM2_PKCS11_STORE: this.folder,
      // Of the TPM's own libraries: what they say of each refused attempt.
      TSS2_LOG: "all+NONE",
    };
  }

  /** Starts a TPM in `folder`, which must exist, and makes the keys in it: no more than two at a time are usable. */
  static async create(folder: string, keys: readonly KeySpec[]): Promise<TpmToken> {
    const modulePath = await findModule();
    const token = new TpmToken(folder, modulePath, evenPort());
    try {
      for (const name of ["tpm-state", "tpm-store"]) await Deno.mkdir(join(folder, name), { mode: 0o700 });
      await token.start();
      await token.#initialise();
      await token.#generate(keys);
      // What was tried on the way has left objects in its places, which a resource manager would have taken out.
      await token.kill();
      await token.start();
      return token;
    } catch (error) {
      await token[Symbol.asyncDispose]();
      throw error;
    }
  }

  get keys(): readonly TokenKey[] {
    return this.#keys;
  }

  /** The token as an RFC 7512 URI for a configuration. */
  get uri(): string {
    return `pkcs11:token=${this.label}?module-path=${this.modulePath}`;
  }

  /** Kills the TPM, as a power cut would: what it had loaded is gone, its keys are not. */
  async kill(): Promise<void> {
    await this.#process?.kill();
    this.#process = undefined;
  }

  /** Starts it again after `kill`. */
  async start(): Promise<void> {
    await poll("swtpm to listen", async () => {
      // It ends when a socket of its former life, or of the search for a free port, is not quite gone.
      if (this.#process?.end !== undefined) this.#process = undefined;
      this.#process ??= this.#spawn();
      (await Deno.connect({ port: this.#port + 1 })).close();
      return true;
    });
  }

  #spawn(): ChildProcess {
    const address = (port: number) => `type=tcp,bindaddr=127.0.0.1,port=${port}`;
    return new ChildProcess({
      name: "swtpm",
      command: "swtpm",
      args: [
        "socket",
        "--tpm2",
        ...["--tpmstate", `dir=${join(this.#folder, "tpm-state")}`],
        ...["--server", address(this.#port)],
        ...["--ctrl", address(this.#port + 1)],
        ...["--flags", "not-need-init,startup-clear"],
      ],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.stop();
  }

  /** By pkcs11-tool: `tpm2_ptool` wants a resource manager. */
  async #initialise(): Promise<void> {
    const [pin, officerPin] = [randomPin(), randomPin()];
    await writeSecret(this.pinFile, `${pin}\n`);
    const env = { ...this.env, PIN: pin, SO_PIN: officerPin };
    const module = ["--module", this.modulePath];
    await mustRun(
      "pkcs11-tool",
      [...module, "--init-token", "--label", this.label, "--so-pin", "env:SO_PIN"],
      { env },
    );
    await mustRun("pkcs11-tool", [
      ...[...module, "--token-label", this.label, "--init-pin", "--login"],
      ...["--so-pin", "env:SO_PIN", "--pin", "env:PIN"],
    ], { env });
  }

  async #generate(keys: readonly KeySpec[]): Promise<void> {
    const pin = (await Deno.readTextFile(this.pinFile)).trim();
    const jobs = keys.map(({ name, type, decrypts = false }) => ({
      job: "generate" as const,
      name,
      type,
      decrypts,
    }));
    const work: TokenWork = { modulePath: this.modulePath, label: this.label, pin, jobs };
    const answers: JobAnswer[] = await runTokenProgram(work, this.env);
    this.#keys = keys.map((key, index) => ({
      ...key,
      publicKeyInfo: Uint8Array.fromBase64(answers[index] ?? ""),
    }));
  }
}

async function findModule(): Promise<string> {
  for (const path of modulePaths) {
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  throw new Error("Cannot find the TPM's module libtpm2_pkcs11.so.1; install libtpm2-pkcs11-1");
}

function randomPin(): string {
  return crypto.getRandomValues(new Uint8Array(8)).toHex();
}

/** Of two in a row, below those that the kernel gives to connections. */
function evenPort(): number {
  return 20_000 + 2 * Math.floor(Math.random() * 5000);
}
