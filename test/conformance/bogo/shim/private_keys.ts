import type {
  RsaDecryptionRequest,
  SignatureRequest,
} from "../../../../edge-terminator/tls/server_events.ts";
import type { LockedPool } from "../../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../../shared/memory/secret.ts";
import type { Credential } from "./credential.ts";

/** Whoever does private key operations for the engine. */
export interface PrivateKeys extends AsyncDisposable {
  sign(request: SignatureRequest, credential: Credential): Promise<Uint8Array>;
  /** The master secret in `pool`, of a bad ciphertext too. */
  exchangeRsaKey(request: RsaDecryptionRequest, credential: Credential, pool: LockedPool): Promise<Secret>;
}
