import { HoldfastError } from "../../../shared/errors.ts";

/** A file that is no registry, or none that can be used now. Code `registry-file`. */
export class RegistryFileError extends HoldfastError {
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super("registry-file", `Cannot use the registry ${path}: ${reason}`, options);
  }
}
