import type { Rule } from "./rule.ts";

/** What holds for one edge and one name. */
export interface NameRules {
  readonly denials: readonly Rule[];
  readonly allowances: readonly Rule[];
}

/** What holds for one edge. */
export interface EdgeRules {
  /** Why it is thrown out; undefined: it is not. */
  readonly revocation: string | undefined;
  /** Certificates from before are refused; as Date.now() counts. */
  readonly certificatesNotBefore: number;
  /** Denials of all names; those of a name's own rules too. */
  readonly everywhere: readonly Rule[];
  /** By the name of a key. */
  readonly byKey: ReadonlyMap<string, NameRules>;
  /** By the name of a name. */
  readonly byName: ReadonlyMap<string, NameRules>;
}

/** For an edge that nobody has spoken of: nothing is allowed. */
export const noRules: EdgeRules = {
  revocation: undefined,
  certificatesNotBefore: -Infinity,
  everywhere: [],
  byKey: new Map(),
  byName: new Map(),
};
