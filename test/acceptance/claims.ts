/** One thing that has to be so, and what was found. */
export interface Claim {
  readonly claim: string;
  readonly found: string;
  readonly kept: boolean;
}

export type Say = (line: string) => void;

export function claim(words: string, kept: boolean, found: string | number): Claim {
  return { claim: words, found: String(found), kept };
}
