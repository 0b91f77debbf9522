/** The DNS name in every key server's certificate. */
export const keyServerName = "key-server.holdfast.test";

/** The URI in the certificate of the edge called `name`. */
export function edgeIdentity(name: string): string {
  return `spiffe://holdfast.test/edge/${name}`;
}
