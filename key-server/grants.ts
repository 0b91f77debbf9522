import { ConfigError, type ConfigProblem } from "../shared/config/errors.ts";
import type { OperationName } from "../shared/keyless_protocol/operations.ts";
import type { GrantConfig } from "./config.ts";
import { permitsName } from "./server_names.ts";

/** What one edge may do with one key. */
export interface Grant {
  readonly edge: string;
  readonly key: string;
  readonly operations: ReadonlySet<OperationName>;
  /** Undefined: every name. */
  readonly serverNames: readonly string[] | undefined;
  /** Whether a client without SNI may be served. */
  readonly allowsAbsentName: boolean;
  /** Only the strict form is taken: the key server sees for itself which name is asked for. */
  readonly needsStrict: boolean;
}

/** The names of a key's certificate, undefined where none is configured. */
export type CertificateNames = (keyName: string) => readonly string[] | undefined;

/**
 * Grants as they are applied.
 *
 * A transcript's hash does not tell which name it is for, so a grant without `strict` covers every name of the key's
 * certificate, whatever its list says; a list that is narrower is refused with ConfigError instead of being believed.
 */
export function compileGrants(
  file: string,
  grants: readonly GrantConfig[],
  certificateNames: CertificateNames,
): Grant[] {
  const problems: ConfigProblem[] = [];
  const compiled = grants.map((grant, index): Grant => {
    const missing = missingName(grant.serverNames, certificateNames(grant.key));
    if (missing !== undefined && grant.transcript === "hash") {
      const text = `leaves out ${missing}, which the key's certificate has; expected every name of it, ` +
        'or transcript = "strict": a hash does not tell for which name it is signed';
      problems.push({ key: `grant[${index}].server_names`, text });
    }
    return {
      edge: grant.edge,
      key: grant.key,
      operations: new Set(grant.operations),
      serverNames: grant.serverNames,
      allowsAbsentName: missing === undefined || (grant.serverNames?.includes("") ?? true),
      needsStrict: grant.transcript === "strict",
    };
  });
  if (problems.length > 0) throw new ConfigError(file, problems);
  return compiled;
}

/** A name that the certificate has and the list does not permit; without a certificate nobody can tell: "a name". */
function missingName(
  serverNames: readonly string[] | undefined,
  certificateNames: readonly string[] | undefined,
): string | undefined {
  if (serverNames === undefined) return undefined;
  if (certificateNames === undefined) return "a name";
  return certificateNames.find((name) => !serverNames.some((pattern) => permitsName(pattern, name)));
}
