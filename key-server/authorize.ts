import { KeylessError } from "../shared/keyless_protocol/errors.ts";
import type { KeylessKeyRequest } from "../shared/keyless_protocol/operations.ts";
import { type Asked, denies, obstacle } from "./authorisation/rule.ts";
import { Rates } from "./authorisation/rates.ts";
import { RuleBook } from "./authorisation/rule_book.ts";
import type { EdgeRules, NameRules } from "./authorisation/edge_rules.ts";
import type { EdgeIdentity } from "./edge_identity.ts";
import type { EntityKind } from "./registry/entities.ts";
import type { Registry } from "./registry/registry.ts";

/** A change of any other kind leaves all rules as they are. */
const kindsThatCount: ReadonlySet<EntityKind> = new Set([
  "edge",
  "name",
  "permission",
  "rotation",
  "challenge",
]);

/**
 * Decides edge x key x operation x server name x transcript x rate by what the registry says; what it does not allow is
 * refused, and what it denies is refused whatever else allows it.
 *
 * Asked for every request, so that a changed registry holds from the next request on. Rates are of this key server alone.
 */
export class Authorizer implements Disposable {
  readonly #watching: Disposable;
  readonly #rates = new Rates();
  #book: RuleBook;

  constructor(registry: Registry) {
    this.#book = new RuleBook(registry.state, this.#rates);
    this.#watching = registry.watch(({ changes }, state) => {
      if (changes.some(({ kind }) => kindsThatCount.has(kind))) this.#book = new RuleBook(state, this.#rates);
    });
  }

  /** What holds for an edge now, for those who explain it. */
  rulesOf(edge: string): EdgeRules {
    return this.#book.of(edge);
  }

  /** Why an edge is not admitted at all, whatever it asks for; undefined: it is. */
  refusal({ name, notBefore }: EdgeIdentity): string | undefined {
    const { revocation, certificatesNotBefore } = this.#book.of(name);
    if (revocation !== undefined) return `the edge is revoked: ${revocation}`;
    const isOld = notBefore !== undefined && notBefore < certificatesNotBefore;
    return isOld ? "the edge's certificate is from before its last revocation" : undefined;
  }

  /** Returns when the request is allowed. Throws KeylessError not-authorised, which says what is missing, or rate-limited. */
  check(edge: EdgeIdentity, keyName: string, request: KeylessKeyRequest): void {
    const refusal = this.refusal(edge);
    if (refusal !== undefined) throw new KeylessError("not-authorised", refusal);
    const rules = this.#book.of(edge.name).byKey.get(keyName);
    if (rules === undefined) throw new KeylessError("not-authorised", nothingAllows(request.operation));
    judge(rules, request, isStrict(request));
  }

  [Symbol.dispose](): void {
    this.#watching[Symbol.dispose]();
  }
}

function judge({ denials, allowances }: NameRules, asked: Asked, isStrict: boolean): void {
  for (const rule of denials) {
    if (denies(rule, asked, isStrict)) {
      throw new KeylessError(
        "not-authorised",
        `the permission ${rule.permission.id} denies ${asked.operation}`,
      );
    }
  }
  let nearest = nothingAllows(asked.operation);
  let isLimited = false;
  for (const rule of allowances) {
    const missing = obstacle(rule, asked, isStrict);
    if (missing === "server-name") nearest = "no permission for this server name";
    else if (missing === "transcript") nearest = "the permission needs the strict form of the transcript";
    if (missing !== undefined) continue;
    if (rule.bucket === undefined || rule.bucket().take(performance.now())) return;
    isLimited = true;
  }
  if (isLimited) {
    throw new KeylessError("rate-limited", "more operations than the permission allows a second");
  }
  throw new KeylessError("not-authorised", nearest);
}

const nothingAllows = (operation: string) => `no permission of ${operation} with this key for this edge`;

function isStrict(request: KeylessKeyRequest): boolean {
  return request.operation === "sign-tls13" && request.transcript.form === "strict";
}
