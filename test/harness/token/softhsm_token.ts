import { join } from "node:path";
import { writePublic, writeSecret } from "../../../certs/write.ts";
import type { KeyType, TokenJob } from "./job.ts";
import { runTokenProgram } from "./run_program.ts";
import { type KnownKey, makeKnownKey } from "./known_key.ts";

/** A key to put into a token: generated inside, or, when it is to be known, made outside and imported. */
export interface KeySpec {
  readonly name: string;
  readonly type: KeyType;
  readonly known?: boolean;
  /** Imported as it is, in place of a new one. */
  readonly given?: KnownKey;
  /** Whether the token lets it decrypt (CKA_DECRYPT), for RSA key exchange; false unless told. */
  readonly decrypts?: boolean;
}

/** A key in the token. */
export interface TokenKey extends KeySpec {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array<ArrayBuffer>;
  /** Of a known key only. */
  readonly privateKey?: JsonWebKey;
}

/** A SoftHSM token in a folder of its own, with its PIN in a file of mode 0600 there. */
export class SoftHsmToken {
  /** What a process must have in its environment to see this token and no other. */
  readonly env: Readonly<Record<string, string>>;

  private constructor(
    /** Where its objects are, encrypted under the PIN. */
    readonly folder: string,
    readonly label: string,
    readonly modulePath: string,
    readonly pinFile: string,
    readonly keys: readonly TokenKey[],
    config: string,
  ) {
    this.env = { SOFTHSM2_CONF: config };
  }

  /** Makes a token in `folder`, which must exist, with these keys in it. */
  static async create(folder: string, keys: readonly KeySpec[], label = "holdfast"): Promise<SoftHsmToken> {
    const [config, tokens, pinFile] = ["softhsm2.conf", "tokens", "token.pin"].map((name) =>
      join(folder, name)
    ) as [
      string,
      string,
      string,
    ];
    const pin = randomPin();
    await Deno.mkdir(tokens, { mode: 0o700 });
    await writePublic(
      config,
      `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    );
    await writeSecret(pinFile, `${pin}\n`);
    const modulePath = await findModule();
    const known = keys.map((key) => key.given ?? (key.known === true ? makeKnownKey(key.type) : undefined));
    const jobs: TokenJob[] = [
      { job: "initialise", securityOfficerPin: randomPin() },
      ...keys.map((key, index) => jobFor(key, known[index])),
    ];
    const answers = (await runTokenProgram({ modulePath, label, pin, jobs }, { SOFTHSM2_CONF: config }))
      .slice(1);
    const tokenKeys = keys.map((key, index) => ({
      ...key,
      ...known[index] ?? { publicKeyInfo: Uint8Array.fromBase64(answers[index] ?? "") },
    }));
    return new SoftHsmToken(tokens, label, modulePath, pinFile, tokenKeys, config);
  }

  /** The token as an RFC 7512 URI for a configuration. */
  get uri(): string {
    return `pkcs11:token=${this.label}?module-path=${this.modulePath}`;
  }
}

function jobFor({ name, type, decrypts = false }: KeySpec, known: KnownKey | undefined): TokenJob {
  return known === undefined
    ? { job: "generate", name, type, decrypts }
    : { job: "import", name, key: known.privateKey, decrypts };
}

function randomPin(): string {
  return crypto.getRandomValues(new Uint8Array(12)).toHex();
}

/** Debian's place for the module, then those of other distributions. */
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
