import type { Server } from "node:net";
import { HoldfastError } from "../shared/errors.ts";

/** A listener that cannot listen. Code `listen`. */
export class ListenError extends HoldfastError {
  constructor(where: string, options?: ErrorOptions) {
    super("listen", `Cannot listen on ${where}`, options);
  }
}

/** Resolves once `server` listens, after `listen` has told it to. Throws ListenError, which names `where`. */
export function listening(server: Server, where: string, listen: (done: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: Error) => reject(new ListenError(where, { cause })));
    listen(resolve);
  });
}
