import type { SignatureRequest } from "../../../../edge-terminator/tls/server_events.ts";
import type { Credential } from "./credential.ts";

/** Whoever does private key operations for the engine. */
export interface PrivateKeys extends AsyncDisposable {
  sign(request: SignatureRequest, credential: Credential): Promise<Uint8Array>;
}
