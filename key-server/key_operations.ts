import type { KeylessAnswer } from "../shared/keyless_protocol/answers.ts";
import { KeylessError, type KeylessErrorCode } from "../shared/keyless_protocol/errors.ts";
import type {
  KeylessKeyRequest,
  KeylessRequest,
  SignTls12Request,
  SignTls13Request,
} from "../shared/keyless_protocol/operations.ts";
import { DeadlineWheel } from "../shared/deadline_wheel.ts";
import type { Logger } from "../shared/log.ts";
import type { ServerKeyType } from "../shared/signature_schemes.ts";
import { PoolExhaustedError } from "../shared/memory/errors.ts";
import type { LockedPool } from "../shared/memory/locked_pool.ts";
import type { AuditLog } from "./audit/audit_log.ts";
import type { Authorizer } from "./authorize.ts";
import { type EdgeIdentity, isCurrent } from "./edge_identity.ts";
import type { KeyRing } from "./key_ring.ts";
import { exchangeRsaKey } from "./operations/rsa_key_exchange.ts";
import { signTls12Content } from "./operations/sign_tls12.ts";
import { signTls13Content } from "./operations/sign_tls13.ts";
import { RefusalLog } from "./refusal_log.ts";
import type { ServedKey } from "./served_key.ts";
import type { ServerMetrics } from "./server_metrics.ts";
import { TokenError } from "./token/errors.ts";

type SignRequest = SignTls13Request | SignTls12Request;

/** An operation with a key; asks `isLate` before the token's work begins. */
type Operate = (isLate: () => boolean) => Promise<KeylessAnswer>;

export interface KeyOperationsOptions {
  readonly keys: KeyRing;
  /** For what keys decrypt, and what is made of it. */
  readonly memory: LockedPool;
  readonly authorizer: Authorizer;
  readonly metrics: () => ServerMetrics;
  readonly audit: AuditLog;
  readonly log: Logger;
  /** Requests in flight in the whole server. */
  readonly inFlightLimit: number;
  /** Milliseconds; the longest an edge may ask for. */
  readonly requestDeadline: number;
  /** Told when a token failed, so that it is looked after. */
  readonly onTokenFailure?: () => void;
}

/** Answers requests: who may, which key, what is signed or decrypted, and in time. */
export class KeyOperations {
  readonly #options: KeyOperationsOptions;
  readonly #refusals: RefusalLog;
  readonly #lastUses = new WeakMap<ServedKey, number>();
  readonly #deadlines = new DeadlineWheel();
  #inFlight = 0;
  #stopping = false;

  constructor(options: KeyOperationsOptions) {
    this.#options = options;
    this.#refusals = new RefusalLog(options.log);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** When an edge last used a key, by its SKI; undefined: not since it was loaded. */
  lastUse(subjectKeyIdentifier: Uint8Array): Date | undefined {
    const key = this.#options.keys.find(subjectKeyIdentifier);
    const time = key && this.#lastUses.get(key);
    return time === undefined ? undefined : new Date(time);
  }

  /** What answers say is in the audit log before they go out. */
  beforeAnswers(): void {
    this.#options.audit.flush();
  }

  /** From now on every request is refused as overloaded: the edge asks another key server. */
  stop(): void {
    this.#stopping = true;
  }

  /** Answers a request; never throws, never rejects. Refusals are counted, and logged with the edge's name. */
  async answer(edge: EdgeIdentity, request: KeylessRequest): Promise<KeylessAnswer> {
    const start = performance.now();
    const key = request.operation === "ping"
      ? undefined
      : this.#options.keys.find(request.subjectKeyIdentifier);
    const answer = await this.#answerOrRefuse(edge, request, key);
    const result = answer.type === "error" ? answer.code : "ok";
    if (request.operation !== "ping") {
      const { operation, serverName } = request;
      const event = { edge: edge.name, key: key?.name, operation, serverName, result };
      this.#options.audit.record({ kind: "key-operation", ...event });
    }
    this.#options.metrics().operation(request.operation, result, (performance.now() - start) / 1000);
    return answer;
  }

  /** Counts and logs a refusal of something that never became a request. */
  refuse(edge: EdgeIdentity, error: KeylessError): KeylessAnswer {
    this.#options.metrics().operation("unknown", error.code, 0);
    return this.#refusal(edge, undefined, error);
  }

  async #answerOrRefuse(
    edge: EdgeIdentity,
    request: KeylessRequest,
    key: ServedKey | undefined,
  ): Promise<KeylessAnswer> {
    if (this.#stopping) {
      return this.#refusal(edge, request, new KeylessError("overloaded", "the key server is stopping"));
    }
    if (this.#inFlight >= this.#options.inFlightLimit) {
      return this.#refusal(edge, request, new KeylessError("overloaded", "too many requests in flight"));
    }
    this.#inFlight++;
    try {
      if (!isCurrent(edge)) throw new KeylessError("not-authorised", "the edge's certificate has expired");
      if (request.operation === "ping") return { type: "pong" };
      return await this.#operate(edge, request, key);
    } catch (error) {
      return this.#refusal(edge, request, error);
    } finally {
      this.#inFlight--;
    }
  }

  #operate(
    edge: EdgeIdentity,
    request: KeylessKeyRequest,
    key: ServedKey | undefined,
  ): Promise<KeylessAnswer> {
    if (key === undefined) throw new KeylessError("unknown-key", "no key has this identifier");
    if (!key.purposes.has(request.operation)) {
      throw new KeylessError("bad-request", `${request.operation} is not enabled`);
    }
    this.#options.authorizer.check(edge, key.name, request);
    this.#lastUses.set(key, Date.now());
    return this.#inTime(request.deadline, this.#operation(key, request));
  }

  #operation(key: ServedKey, request: KeylessKeyRequest): Operate {
    if (request.operation === "rsa-key-exchange") {
      const { memory } = this.#options;
      return (isLate) =>
        key.decrypt((decryption) => exchangeRsaKey(request, decryption, memory, isLate), isLate);
    }
    const content = contentToSign(request, key.publicKey.keyType);
    return async (isLate) => ({
      type: "signature",
      signature: await key.sign(request.signatureScheme, content, isLate),
    });
  }

  /** The deadline is held even when the token hangs: its session then stays taken, the edge has its answer. */
  #inTime(milliseconds: number, operate: Operate): Promise<KeylessAnswer> {
    const allowed = Math.min(milliseconds, this.#options.requestDeadline);
    const end = performance.now() + allowed;
    const answer = operate(() => performance.now() >= end);
    return new Promise((resolve, reject) => {
      const deadline = this.#deadlines.set(allowed, () => {
        reject(new KeylessError("deadline-passed", "the token did not answer in time"));
      });
      answer.then((answered) => {
        this.#deadlines.clear(deadline);
        resolve(answered);
      }, (error) => {
        this.#deadlines.clear(deadline);
        reject(error);
      });
    });
  }

  #refusal(edge: EdgeIdentity, request: KeylessRequest | undefined, error: unknown): KeylessAnswer {
    const { code, reason } = this.#publicError(error);
    const keyed = request === undefined || request.operation === "ping" ? undefined : request;
    const key = keyed && this.#options.keys.find(keyed.subjectKeyIdentifier)?.name;
    this.#refusals.write({
      event: "refusal",
      edge: edge.name,
      code,
      reason,
      operation: request?.operation,
      key,
      subjectKeyIdentifier: keyed?.subjectKeyIdentifier.toHex(),
      serverName: keyed?.serverName,
      cause: causeOf(error),
    }, "request refused");
    return { type: "error", code, reason };
  }

  /** What an edge may know of a failure; the token's own words stay in our log. */
  #publicError(error: unknown): { code: KeylessErrorCode; reason: string } {
    if (error instanceof KeylessError) return error;
    if (error instanceof PoolExhaustedError) {
      return { code: "overloaded", reason: "no locked memory is free" };
    }
    if (error instanceof TokenError) this.#options.onTokenFailure?.();
    return { code: "token-failure", reason: "the token failed" };
  }
}

/** What is signed is made here, of what the request says; never taken from it. */
function contentToSign(request: SignRequest, keyType: ServerKeyType): Uint8Array {
  return request.operation === "sign-tls13" ? signTls13Content(request, keyType) : signTls12Content(request);
}

function causeOf(error: unknown): string | undefined {
  if (error instanceof TokenError) return error.message;
  const cause = error instanceof KeylessError ? error.cause : error;
  return cause instanceof Error ? cause.message : undefined;
}
