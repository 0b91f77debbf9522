import { createHash, randomBytes } from "node:crypto";
import {
  formatEnrolmentToken,
  tokenIdLength,
  tokenSecretLength,
} from "../../../shared/enrolment/enrolment_token.ts";
import { AdminError, notFound } from "../errors.ts";
import type { Changed } from "../schemas/common.ts";
import type { CreatedEnrolmentToken, CreateEnrolmentToken, EnrolmentTokenList } from "../schemas/edges.ts";
import type { AdminServices } from "../services.ts";

/**
 * Leave for one edge to enrol once. The registry keeps a digest of the token's secret; the secret itself is in this answer
 * alone.
 */
export function createEnrolmentToken(
  { registry, enrolmentAuthorities }: AdminServices,
  { edge, groups, lifetime }: CreateEnrolmentToken,
  author: string,
): CreatedEnrolmentToken {
  const authorities = enrolmentAuthorities();
  if (authorities === undefined) {
    throw new AdminError(
      "not-available",
      "Cannot make an enrolment token: this key server takes no enrolments (section [enrolment])",
    );
  }
  if (registry.state.get("edge", edge)?.state === "revoked") {
    throw new AdminError("conflict", `Cannot make an enrolment token: ${edge} is revoked; readmit it first`);
  }
  const id = randomBytes(tokenIdLength);
  const secret = randomBytes(tokenSecretLength);
  const createdAt = new Date();
  const expiresAt = new Date(createdAt.getTime() + lifetime).toISOString();
  registry.commit([{
    kind: "enrolment-token",
    put: {
      id: id.toString("hex"),
      digest: createHash("sha256").update(secret).digest("hex"),
      edge,
      groups: [...new Set(groups)],
      createdAt: createdAt.toISOString(),
      expiresAt,
    },
  }], { author, reason: `let ${edge} enrol` });
  return { id: id.toString("hex"), token: formatEnrolmentToken(id, secret, authorities), expiresAt };
}

export function listEnrolmentTokens({ registry }: AdminServices): EnrolmentTokenList["tokens"] {
  const now = new Date().toISOString();
  return registry.state.list("enrolment-token").map(({ digest: _digest, ...token }) => ({
    ...token,
    state: token.usedAt !== undefined ? "used" : token.expiresAt <= now ? "expired" : "open",
  }));
}

/** It opens nothing any more. */
export function deleteEnrolmentToken({ registry }: AdminServices, id: string, author: string): Changed {
  const token = registry.state.get("enrolment-token", id);
  if (token === undefined) throw notFound("take an enrolment token back", "enrolment token", id);
  const reason = `take back the enrolment token of ${token.edge}`;
  return { version: registry.commit([{ kind: "enrolment-token", remove: id }], { author, reason }) };
}
