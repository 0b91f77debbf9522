/**
 * The root of every error that Holdfast throws on purpose.
 *
 * `code` is stable and kebab-case: programs and metrics may rely on it. `message` reads "Cannot X: Y" and
 * never carries a secret.
 */
export class HoldfastError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}
