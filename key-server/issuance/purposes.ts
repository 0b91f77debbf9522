import type { OperationName } from "../../shared/keyless_protocol/operations.ts";

/** Whether a key with these purposes decrypts, for TLS 1.2's RSA key exchange. */
export function decrypts({ purposes }: { readonly purposes: readonly OperationName[] }): boolean {
  return purposes.includes("rsa-key-exchange");
}
