import { KeylessError } from "../shared/keyless_protocol/errors.ts";
import type { KeylessKeyRequest } from "../shared/keyless_protocol/operations.ts";
import type { Grant } from "./grants.ts";
import { permitsName } from "./server_names.ts";

/**
 * Decides edge x key x operation x server name; what no grant allows is refused.
 *
 * Asked for every request, so that a changed set of grants holds from the next request on.
 */
export class Authorizer {
  /** By key, then by edge. */
  #grants = new Map<string, Map<string, Grant[]>>();

  constructor(grants: readonly Grant[]) {
    this.replace(grants);
  }

  replace(grants: readonly Grant[]): void {
    const byKey = Map.groupBy(grants, ({ key }) => key);
    this.#grants = new Map(
      Array.from(byKey, ([key, ofKey]) => [key, Map.groupBy(ofKey, ({ edge }) => edge)]),
    );
  }

  /** Returns when a grant allows the request. Throws KeylessError not-authorised, which says what is missing. */
  check(edge: string, keyName: string, request: KeylessKeyRequest): void {
    const grants = this.#grants.get(keyName)?.get(edge) ?? [];
    const forOperation = grants.filter(({ operations }) => operations.has(request.operation));
    if (forOperation.length === 0) {
      throw new KeylessError(
        "not-authorised",
        `no grant of ${request.operation} with this key for this edge`,
      );
    }
    const forName = forOperation.filter((grant) => permitsServerName(grant, request.serverName));
    if (forName.length === 0) {
      throw new KeylessError("not-authorised", "no grant for this server name");
    }
    if (!forName.some((grant) => !grant.needsStrict || isStrict(request))) {
      throw new KeylessError("not-authorised", "the grant needs the strict form of the transcript");
    }
  }
}

function permitsServerName(grant: Grant, serverName: string): boolean {
  if (serverName === "") return grant.allowsAbsentName;
  return grant.serverNames?.some((pattern) => permitsName(pattern, serverName)) ?? true;
}

function isStrict(request: KeylessKeyRequest): boolean {
  return request.operation === "sign-tls13" && request.transcript.form === "strict";
}
