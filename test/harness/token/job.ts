/** What the token program is told on its stdin: one JSON object. PINs travel here, never on a command line. */
export type TokenJob = InitialiseJob | ImportJob;

interface CommonJob {
  /** The PKCS#11 module, a shared object. */
  readonly modulePath: string;
  /** The token's label, at most 32 ASCII characters. */
  readonly label: string;
  readonly pin: string;
}

export interface InitialiseJob extends CommonJob {
  readonly job: "initialise";
  readonly securityOfficerPin: string;
}

export interface ImportJob extends CommonJob {
  readonly job: "import";
  readonly name: string;
  /** RFC 7517 and 7518: EC (P-256, P-384) or RSA, private. */
  readonly key: JsonWebKey;
}
