import { HoldfastError } from "../../shared/errors.ts";
import { constantTimeEqual } from "../../shared/libcrypto/constant_time.ts";
import { digest } from "../../shared/libcrypto/digest.ts";
import type { EnrolmentRequest } from "../../shared/enrolment/enrolment_request.ts";
import { parseCertificate } from "../../shared/libcrypto/x509.ts";
import type { AuditLog, EnrolmentEvent } from "../audit/audit_log.ts";
import type { EdgeEntity } from "../registry/entities/edge.ts";
import type { EnrolmentTokenEntity } from "../registry/entities/enrolment_token.ts";
import type { Registry } from "../registry/registry.ts";
import type { Clock } from "../rotation/clock.ts";
import type { EdgeCertifier } from "./edge_certifier.ts";
import { EnrolmentError } from "./errors.ts";

export interface EnrolmentServiceOptions {
  readonly registry: Registry;
  readonly certifier: EdgeCertifier;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** What an edge has got. */
export interface Enrolled {
  readonly edge: string;
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
}

const author = "holdfast:enrolment";

/** Gives edges their certificates: the first one for a token, the next ones for the one before. */
export class EnrolmentService {
  readonly #options: EnrolmentServiceOptions;

  constructor(options: EnrolmentServiceOptions) {
    this.#options = options;
  }

  /**
   * Spends a token. The certificate is given out only once the registry says that the token is spent, so no crash and no
   * second asker makes two of one. Throws EnrolmentError, RegistryError, TokenError.
   */
  async enrol({ tokenId, tokenSecret, certificateRequest }: EnrolmentRequest): Promise<Enrolled> {
    const id = tokenId.toHex();
    let edge: string | undefined;
    try {
      const token = this.#usable(id, tokenSecret);
      edge = token.edge;
      const chain = await this.#options.certifier.certify(edge, certificateRequest);
      this.#spend(id, tokenSecret);
      this.#record({ edge, token: id, result: "enrolled", serialNumber: serialNumberOf(chain) });
      return { edge, chain };
    } catch (error) {
      this.#record({ edge, token: id, result: codeOf(error), serialNumber: undefined });
      throw error;
    }
  }

  /** A new certificate for an edge that has shown its current one. Throws EnrolmentError, TokenError. */
  async renew(edge: string, certificateRequest: Uint8Array): Promise<readonly Uint8Array[]> {
    try {
      this.#refuseRevoked(edge);
      const chain = await this.#options.certifier.certify(edge, certificateRequest);
      // It may have been thrown out while the token signed.
      this.#refuseRevoked(edge);
      this.#record({ edge, token: undefined, result: "renewed", serialNumber: serialNumberOf(chain) });
      return chain;
    } catch (error) {
      this.#record({ edge, token: undefined, result: codeOf(error), serialNumber: undefined });
      throw error;
    }
  }

  /** Whoever does not know the secret learns nothing about the token, not even that there is one. */
  #usable(id: string, secret: Uint8Array): EnrolmentTokenEntity {
    const { registry, clock } = this.#options;
    const token = registry.state.get("enrolment-token", id);
    const known = token === undefined ? new Uint8Array(32) : Uint8Array.fromHex(token.digest);
    if (!constantTimeEqual(digest("sha256", secret), known) || token === undefined) {
      throw new EnrolmentError("token-refused", "the token is not one of this key server");
    }
    if (token.usedAt !== undefined) throw new EnrolmentError("token-refused", "the token has been used");
    if (Date.parse(token.expiresAt) <= clock.now().getTime()) {
      throw new EnrolmentError("token-refused", `the token has expired (${token.expiresAt})`);
    }
    this.#refuseRevoked(token.edge);
    return token;
  }

  /** Synchronous from the look to the commit: of two askers at once the second finds it spent. */
  #spend(id: string, secret: Uint8Array): void {
    const { registry, clock } = this.#options;
    const token = this.#usable(id, secret);
    const now = clock.now().toISOString();
    registry.commit([
      { kind: "enrolment-token", put: { ...token, usedAt: now } },
      { kind: "edge", put: this.#admitted(token, now) },
    ], { author, reason: `enrol ${token.edge}` });
  }

  #admitted({ edge: identity, groups }: EnrolmentTokenEntity, now: string): EdgeEntity {
    const before = this.#options.registry.state.get("edge", identity);
    const common = { identity, groups: [...new Set([...before?.groups ?? [], ...groups])] };
    return { stateSince: now, ...before, ...common, state: "admitted" };
  }

  #refuseRevoked(edge: string): void {
    const entity = this.#options.registry.state.get("edge", edge);
    if (entity?.state === "revoked") {
      throw new EnrolmentError("edge-revoked", `${edge} is revoked since ${entity.stateSince}`);
    }
  }

  #record(event: Omit<EnrolmentEvent, "kind">): void {
    this.#options.audit.record({ kind: "enrolment", ...event });
    this.#options.audit.flush();
  }
}

function codeOf(error: unknown): string {
  return error instanceof HoldfastError ? error.code : "failed";
}

function serialNumberOf([leaf]: readonly Uint8Array[]): string | undefined {
  return leaf && parseCertificate(leaf).serialNumber;
}
