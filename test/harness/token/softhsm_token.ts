import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { writePublic, writeSecret } from "../../../certs/write.ts";
import { mustRun } from "../command.ts";
import type { TokenJob } from "./job.ts";

/** A private key that a test knows because it made it outside of the token. */
export interface KnownKey {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array<ArrayBuffer>;
  readonly privateKey: JsonWebKey;
}

export type KeyType = "ecdsa-p256" | "ecdsa-p384" | "rsa-2048" | "rsa-3072";

/** A SoftHSM token in a folder of its own, with its PIN in a file of mode 0600 there. */
export class SoftHsmToken {
  /** What a process must have in its environment to see this token and no other. */
  readonly env: Readonly<Record<string, string>>;

  private constructor(
    readonly label: string,
    readonly modulePath: string,
    readonly pinFile: string,
    config: string,
  ) {
    this.env = { SOFTHSM2_CONF: config };
  }

  /** Makes and initialises a token in `folder`, which must exist. */
  static async create(folder: string, label = "holdfast"): Promise<SoftHsmToken> {
    const config = join(folder, "softhsm2.conf");
    const tokens = join(folder, "tokens");
    const pinFile = join(folder, "token.pin");
    await Deno.mkdir(tokens, { mode: 0o700 });
    await writePublic(
      config,
      `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    );
    await writeSecret(pinFile, `${randomPin()}\n`);
    const token = new SoftHsmToken(label, await findModule(), pinFile, config);
    await token.#run({ ...await token.#common(), job: "initialise", securityOfficerPin: randomPin() });
    return token;
  }

  /** The token as an RFC 7512 URI for a configuration. */
  get uri(): string {
    return `pkcs11:token=${this.label}?module-path=${this.modulePath}`;
  }

  /** Puts a key into the token that the caller knows, for scans that must not find it anywhere else. */
  async importKey(name: string, type: KeyType): Promise<KnownKey> {
    const { publicKey, privateKey } = generate(type);
    const known = {
      publicKeyInfo: new Uint8Array(publicKey.export({ type: "spki", format: "der" })),
      privateKey: privateKey.export({ format: "jwk" }) as JsonWebKey,
    };
    await this.#run({ ...await this.#common(), job: "import", name, key: known.privateKey });
    return known;
  }

  async #common() {
    const pin = (await Deno.readTextFile(this.pinFile)).trimEnd();
    return { modulePath: this.modulePath, label: this.label, pin };
  }

  async #run(job: TokenJob): Promise<void> {
    const program = new URL("program.ts", import.meta.url).pathname;
    const permissions = ["--no-prompt", "--allow-ffi", "--allow-read", "--allow-env"];
    await mustRun(Deno.execPath(), ["run", "--quiet", "--cached-only", ...permissions, program], {
      input: JSON.stringify(job),
      env: this.env,
    });
  }
}

function generate(type: KeyType): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (type) {
    case "ecdsa-p256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" });
    case "ecdsa-p384":
      return generateKeyPairSync("ec", { namedCurve: "P-384" });
    case "rsa-2048":
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
    case "rsa-3072":
      return generateKeyPairSync("rsa", { modulusLength: 3072 });
  }
}

function randomPin(): string {
  return crypto.getRandomValues(new Uint8Array(12)).toHex();
}

/** Debian's place for the module, then the multiarch ones of other distributions. */
async function findModule(): Promise<string> {
  const places = [
    "/usr/lib/softhsm",
    "/usr/lib/x86_64-linux-gnu/softhsm",
    "/usr/lib64/pkcs11",
    "/usr/lib/pkcs11",
  ];
  for (const place of places) {
    const path = join(place, "libsofthsm2.so");
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  throw new Error("Cannot find SoftHSM's module libsofthsm2.so; install softhsm2");
}
