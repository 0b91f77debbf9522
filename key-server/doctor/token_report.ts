import type { Check } from "../../shared/doctor/report.ts";

/** One mechanism that Holdfast has a use for, as the token lists it; what works, only the keys' self-tests tell. */
export interface MechanismReport {
  readonly name: string;
  readonly listed: boolean;
  /** In bits or bytes, as the mechanism has it; absent where the token does not say. */
  readonly keySizes?: readonly [number, number];
}

/** A signature scheme of TLS that a key makes, and by which mechanism. */
export interface SchemeReport {
  readonly scheme: string;
  readonly method: string;
}

/** A private key in the token, as its self-test found it. */
export interface KeyReport {
  /** CKA_LABEL and CKA_ID (hexadecimal), where the key has them. */
  readonly label?: string;
  readonly id?: string;
  /** Why it cannot be used; all below is absent then. */
  readonly problem?: string;
  readonly kind?: string;
  readonly bits?: number;
  /** Subject key identifier, hexadecimal. */
  readonly ski?: string;
  /** null: the token does not say. */
  readonly attributes?: Readonly<
    Record<"sign" | "decrypt" | "extractable" | "sensitive" | "local", boolean | null>
  >;
  readonly works?: readonly SchemeReport[];
  readonly refused?: readonly (SchemeReport & { readonly reason: string })[];
}

/** What a token says of itself; sizes in bytes, absent where it does not say. */
export interface TokenFacts {
  readonly slot: number;
  readonly slotDescription: string;
  readonly label: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly serial: string;
  readonly firmware: string;
  readonly loginRequired: boolean;
  readonly pin: "good" | "count-low" | "final-try" | "locked" | "not-set";
  readonly freeMemory?: number;
  /** 0: as many as one likes. */
  readonly maxSessions?: number;
}

/** Everything about one token; what could not be learnt is absent, and a check says why. */
export interface TokenReport {
  readonly uri: string;
  readonly module: string;
  readonly facts?: TokenFacts;
  readonly mechanisms: readonly MechanismReport[];
  readonly keys: readonly KeyReport[];
  readonly checks: readonly Check[];
}
