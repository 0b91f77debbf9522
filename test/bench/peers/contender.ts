import type { Target } from "../load/load_program.ts";

export const contenderNames = ["edge", "nginx", "hitch", "nginx+pkcs11"] as const;
export type ContenderName = typeof contenderNames[number];

export const certificates = ["ecdsa", "rsa"] as const;
/** ECDSA with P-256, RSA with 2048 bits. */
export type CertificateName = typeof certificates[number];

/** Processes whose cost is told apart. */
export interface Roles {
  /** Those that terminate TLS. */
  readonly terminator: readonly number[];
  /** Those that hold the key, when they are others. */
  readonly keyServer: readonly number[];
}

/** A TLS server in front of the backend, ready. */
export interface Contender extends AsyncDisposable {
  readonly name: ContenderName;
  target(certificate: CertificateName): Target;
  roles(): Promise<Roles>;
  /** Locked memory that its connections have rented so far, in bytes: its size does not show it, being touched before. */
  pooledBytes(): Promise<number>;
}

/** Something that cannot take part here. */
export interface Absentee {
  readonly name: ContenderName;
  readonly reason: string;
}

/** How all contenders are set up alike. */
export interface Setup {
  readonly workers: number;
  /** Whether each connection leaves a line in a log. */
  readonly logs: boolean;
}
