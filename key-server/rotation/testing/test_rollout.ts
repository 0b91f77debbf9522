import type { EdgeRollout, Rollout } from "../../control/edge_rollout.ts";
import type { Registry } from "../../registry/registry.ts";

/** Edges of a test: each acknowledges when it is told to, or at once. All of them serve every name. */
export class TestRollout implements Rollout {
  readonly #edges = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  readonly #registry: Registry;
  /** Whether edges take up each version at once. */
  prompt: boolean;

  constructor(registry: Registry, edges: readonly string[], prompt: boolean) {
    this.#registry = registry;
    this.prompt = prompt;
    for (const edge of edges) this.#edges.set(edge, registry.state.version);
    registry.watch(() => this.prompt && this.acknowledge());
  }

  get edges(): readonly EdgeRollout[] {
    return [...this.#edges].map(([edge, acknowledgedVersion]) => ({
      edge,
      connected: true,
      since: new Date(),
      acknowledgedVersion,
      problems: new Map(),
      software: "test",
    }));
  }

  behind(_name: string, version: number): readonly EdgeRollout[] {
    return this.edges.filter(({ acknowledgedVersion }) => acknowledgedVersion < version);
  }

  watch(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** One edge, or all, serve by the registry as it is. */
  acknowledge(edge?: string): void {
    for (const one of edge === undefined ? this.#edges.keys() : [edge]) {
      this.#edges.set(one, this.#registry.state.version);
    }
    for (const listener of this.#listeners) listener();
  }

  lose(edge: string): void {
    this.#edges.delete(edge);
    for (const listener of this.#listeners) listener();
  }
}
