import type { Logger } from "../../shared/log.ts";
import type { AuditLog } from "../audit/audit_log.ts";
import type { ChainHead } from "../audit/verify_log.ts";
import type { Explanation, ExplanationRequest } from "../authorisation/explain.ts";
import type { Rollout } from "../control/edge_rollout.ts";
import type { KeyManagement } from "../issuance/key_management.ts";
import type { Registry } from "../registry/registry.ts";
import type { Rotations } from "../rotation/rotations.ts";
import type { TicketHub } from "../ticket_hub/ticket_hub.ts";

/** What is known of a key that the key server answers for, or should. */
export interface KeyHealth {
  readonly loaded: boolean;
  /** Why it could not be loaded. */
  readonly problem: string | undefined;
  /** IANA names of the signature schemes that its token has shown it can do. */
  readonly signatureSchemes: readonly string[];
}

/** A token that is configured. */
export interface TokenHealth {
  readonly label: string;
  /** How many keys of it are open. */
  readonly keys: number;
  /** What was wrong when one of them was tried last; undefined: nothing. */
  readonly problem: string | undefined;
}

/** An audit log in files of its own. */
export interface AuditTrail {
  readonly folder: string;
  /** How far the log reaches, as the key server remembers. */
  readonly head: () => ChainHead;
}

/** The parts of the key server that administrators act on. */
export interface AdminServices {
  readonly registry: Registry;
  readonly rollout: Rollout;
  /** Edges that share ticket keys. */
  readonly tickets: Pick<TicketHub, "status" | "rotate">;
  readonly keyManagement: KeyManagement;
  readonly rotations: Rotations;
  readonly explain: (request: ExplanationRequest) => Explanation;
  readonly audit: AuditLog;
  /** Undefined: what is audited is told in the other log. */
  readonly auditTrail: AuditTrail | undefined;
  readonly log: Logger;
  /** By a key's name. */
  readonly keyHealth: (name: string) => KeyHealth;
  readonly tokens: () => readonly TokenHealth[];
  /** DER certificates by which edges that enrol know the key server; undefined: none can enrol here. */
  readonly enrolmentAuthorities: () => readonly Uint8Array[] | undefined;
  /** When the key server started. */
  readonly startedAt: Date;
}
