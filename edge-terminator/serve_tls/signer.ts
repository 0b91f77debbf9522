import type { SignatureRequest } from "../tls/server_events.ts";

/**
 * Whoever can use a certificate's private key: {@link localSigner} in this process, `openRemoteSigner` (keyless/) at
 * key servers, or a program's own code.
 */
export interface Signer {
  /**
   * The signature that `request` asks for, under `request.scheme` and as TLS carries it (ECDSA in DER), within `deadline`
   * milliseconds. A rejection costs the client an internal_error alert and the server nothing.
   */
  sign(request: SignatureRequest, options: { readonly deadline: number }): Promise<Uint8Array>;
}
