import type { PermissionEntity } from "../registry/entities/permission.ts";
import type { RegistryState } from "../registry/registry.ts";
import { TokenBucket } from "./token_bucket.ts";

/** What edges have used of their rates: one bucket for each edge and permission that was asked for, none before. */
export class Rates {
  /** By edge, then by permission. */
  readonly #buckets = new Map<string, Map<string, TokenBucket>>();

  /** Full, and a new one, where the permission's rate was another one before. */
  bucket(edge: string, { id, rate }: Required<Pick<PermissionEntity, "id" | "rate">>): TokenBucket {
    let ofEdge = this.#buckets.get(edge);
    if (ofEdge === undefined) this.#buckets.set(edge, ofEdge = new Map());
    let bucket = ofEdge.get(id);
    if (bucket?.perSecond !== rate!.perSecond || bucket.burst !== rate!.burst) {
      ofEdge.set(id, bucket = new TokenBucket(rate!, performance.now()));
    }
    return bucket;
  }

  /** Forgets edges that have no permission any more, and permissions that are gone. */
  prune(state: RegistryState, isSpokenOf: (edge: string) => boolean): void {
    for (const [edge, ofEdge] of this.#buckets) {
      if (!isSpokenOf(edge)) this.#buckets.delete(edge);
      else for (const id of ofEdge.keys()) if (state.get("permission", id) === undefined) ofEdge.delete(id);
    }
  }
}
