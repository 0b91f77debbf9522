import type { PublicKey } from "./public_key.ts";
import { candidateMethods, type SigningMethod } from "./signing_methods.ts";

/** Fixed, and nothing that any protocol signs: TLS content starts with 64 blanks or a ClientHello's random. */
const probe = new TextEncoder().encode("Holdfast self-test: this key signs what its scheme says. ".repeat(2));

/** Signs with the key in the token by one method. */
export type SignOnce = (method: SigningMethod, content: Uint8Array) => Promise<Uint8Array>;

/** What a key turned out to be able to do. */
export interface SelfTestResult {
  /** The method that works, for each scheme that has one. */
  readonly methods: ReadonlyMap<number, SigningMethod>;
  /** What was tried and did not work, for the log. */
  readonly refused: readonly { readonly scheme: number; readonly method: string; readonly reason: string }[];
}

/** Signs a probe and verifies it with the public key; throws when the token refuses or the signature is wrong. */
export async function proveMethod(
  method: SigningMethod,
  publicKey: PublicKey,
  sign: SignOnce,
): Promise<void> {
  const signature = await sign(method, probe);
  if (!method.verify(probe, signature, publicKey.verifier)) {
    throw new Error("the token's signature does not verify with the public key");
  }
}

/** Proves that a key makes signatures of the scheme that its type is there for, by whatever method. Throws what failed last. */
export async function proveFirstScheme(publicKey: PublicKey, sign: SignOnce): Promise<void> {
  const [preferred, ...others] = candidateMethods[publicKey.keyType];
  let failure: unknown;
  for (const method of [preferred!, ...others.filter(({ scheme }) => scheme === preferred!.scheme)]) {
    try {
      return await proveMethod(method, publicKey, sign);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/**
 * Finds out what a key can do by doing it, whatever mechanisms the token lists: for each scheme the first method
 * whose signature verifies.
 */
export async function selfTest(publicKey: PublicKey, sign: SignOnce): Promise<SelfTestResult> {
  const methods = new Map<number, SigningMethod>();
  const refused: { scheme: number; method: string; reason: string }[] = [];
  for (const method of candidateMethods[publicKey.keyType]) {
    if (methods.has(method.scheme)) continue;
    try {
      await proveMethod(method, publicKey, sign);
      methods.set(method.scheme, method);
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown failure";
      refused.push({ scheme: method.scheme, method: method.name, reason });
    }
  }
  return { methods, refused };
}
