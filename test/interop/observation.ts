import type { ClientResult } from "../harness/clients/negotiated.ts";

/** What a client says of one connection, as far as it says it. */
export interface Observation {
  readonly verified: boolean;
  /** Of the HTTP response; 0 without one. */
  readonly status: number;
  readonly version?: string;
  readonly cipherSuite?: string;
  readonly group?: string;
  readonly signatureScheme?: string;
  readonly alpn?: string;
  readonly resumed?: boolean;
  readonly alert?: number;
}

export function observe(result: ClientResult): Observation {
  const { verified, negotiated, resumed, alert } = result;
  return {
    verified,
    status: statusOf(result),
    ...negotiated,
    ...(resumed === undefined ? {} : { resumed }),
    ...(alert === undefined ? {} : { alert }),
  };
}

/** Sought in all output: s_client's reports of tickets may stand around the response, or in its first line. */
function statusOf(result: ClientResult & { readonly status?: number }): number {
  return result.status ?? Number(/HTTP\/1\.[01] (\d{3})/.exec(result.output)?.[1] ?? 0);
}

/** One thing that a client says otherwise of the edge than of the reference. */
export interface Difference {
  readonly field: keyof Observation;
  readonly reference: unknown;
  readonly edge: unknown;
}

/** Everything that differs. */
export function differences(reference: Observation, edge: Observation): Difference[] {
  const fields = new Set([...Object.keys(reference), ...Object.keys(edge)]) as Set<keyof Observation>;
  return [...fields]
    .map((field) => ({ field, reference: reference[field], edge: edge[field] }))
    .filter((difference) => difference.reference !== difference.edge);
}
