/** A context of OpenSSL's that has been keyed, and can have its key overwritten. */
export interface KeyedContext {
  overwriteKey(): void;
}

const keyed = new Set<KeyedContext>();

/**
 * Has the context's key overwritten before the event loop gets control back: once, however many keys the turn uses.
 * To overwrite after each use costs as much as the use: a third of all calls into libcrypto in a handshake.
 */
export function forgetKeyThisTurn(context: KeyedContext): void {
  if (keyed.size === 0) queueMicrotask(forgetKeys);
  keyed.add(context);
}

function forgetKeys(): void {
  // Emptied first: a context that fails must not keep the next turn from asking again.
  const contexts = [...keyed];
  keyed.clear();
  for (const context of contexts) context.overwriteKey();
}
