import { AlertDescription, ContentType } from "../../shared/tls_constants.ts";
import type { SoakServer } from "./soak_server.ts";

/** Whoever can say something under the keys of the moment. */
export interface SoakClient {
  seal(type: number, content: Uint8Array): Uint8Array;
}

/** How a handshake is cut short, in whatever state it is. */
export type Ending = "aborted" | "alert received" | "alert sent" | "timeout" | "own failure";

export const endings: Readonly<Record<Ending, (server: SoakServer, client: SoakClient) => void>> = {
  /** The client's connection is gone. */
  "aborted": (server) => server.engine[Symbol.dispose](),
  "alert received": (server, client) => {
    server.receive(client.seal(ContentType.alert, new Uint8Array([2, AlertDescription.handshake_failure])));
    // While the engine waits for an answer of our own side it reads nothing.
    while (server.asks) server.answer();
  },
  "alert sent": (server) => {
    server.receive(new Uint8Array(300).fill(0xee));
    while (server.asks) server.answer();
  },
  "timeout": (server) => {
    server.engine.abort(AlertDescription.handshake_failure);
    server.listen();
  },
  "own failure": (server) => server.failAnswer(),
};

export const everyEnding: readonly Ending[] = Object.keys(endings) as Ending[];

/** Only a question of the engine's can be answered with a failure. */
export function isPossible(ending: Ending, server: SoakServer): boolean {
  return ending !== "own failure" || server.asks;
}
