/** What the token program is told on its stdin: one JSON object. PINs travel here, never on a command line. */
export interface TokenWork {
  /** The PKCS#11 module, a shared object. */
  readonly modulePath: string;
  /** The token's label, at most 32 ASCII characters. */
  readonly label: string;
  readonly pin: string;
  /** Done in order. */
  readonly jobs: readonly TokenJob[];
}

export type TokenJob = InitialiseJob | GenerateJob | ImportJob;

export interface InitialiseJob {
  readonly job: "initialise";
  readonly securityOfficerPin: string;
}

export interface GenerateJob {
  readonly job: "generate";
  readonly name: string;
  readonly type: KeyType;
  readonly decrypts: boolean;
}

export interface ImportJob {
  readonly job: "import";
  readonly name: string;
  /** RFC 7517 and 7518: EC (P-256, P-384) or RSA, private. */
  readonly key: JsonWebKey;
  readonly decrypts: boolean;
}

/** What one job answers: DER SubjectPublicKeyInfo in base64 of a generated key, null for the other jobs. */
export type JobAnswer = string | null;

export type KeyType = "ecdsa-p256" | "ecdsa-p384" | "ed25519" | "rsa-2048" | "rsa-3072";
