/** A session on its way to who asked for it; `session_messages.ts` has what is bound into its seal. */
import { ByteWriter } from "../../shared/codec/byte_writer.ts";
import { HpkeError, KeyAgreementError } from "../../shared/libcrypto/errors.ts";
import { HpkeContext } from "../../shared/libcrypto/hpke.ts";
import { EphemeralKeyPair } from "../../shared/libcrypto/key_agreement.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import type { SessionRequest } from "../tls/server_events.ts";
import type { CachedSession } from "../tls/sessions/session_cache.ts";
import { decodeSessionState, encodeSessionState, type SessionState } from "../tls/tickets/session_state.ts";
import { SessionMessageError } from "./errors.ts";
import { encodeRequest, encodeSessionFacts, type SealedSession } from "./session_messages.ts";

/** One question: who asks whom, for the how manieth time, for what. Names are those that carriers use. */
export interface Question {
  readonly asker: string;
  readonly asked: string;
  readonly number: number;
  readonly request: SessionRequest;
}

/** Both ends' X25519 keys: of the own end the pairs that are good, the newest first. */
export interface SealingKeys {
  readonly own: readonly EphemeralKeyPair[];
  readonly theirs: Uint8Array;
}

const aead = "chacha20-poly1305";

function bindingOf({ asker, asked, number, request }: Question) {
  const writer = new ByteWriter();
  for (const word of ["holdfast session 1", asker, asked]) writer.vector8(new TextEncoder().encode(word));
  writer.u64(BigInt(number));
  writer.bytes(encodeRequest(request));
  return { aead, info: writer.finish() } as const;
}

/** `session` stays the caller's; `now` is its clock. Throws KeyAgreementError for a public key that is none. */
export function sealSession(
  pool: LockedPool,
  { own, theirs }: SealingKeys,
  question: Question,
  { state, secret }: Pick<CachedSession, "state" | "secret">,
  now: number,
): SealedSession {
  const facts = { age: Math.max(0, now - state.issuedAt), state: encodeSessionState(state) };
  using ephemeral = EphemeralKeyPair.generate("x25519");
  using context = HpkeContext.forKnownSender(pool, ephemeral, own[0]!, theirs, bindingOf(question));
  const sealed = context.seal(encodeSessionFacts(facts), secret.bytes);
  return { ...facts, encapsulatedKey: ephemeral.publicKey, sealed };
}

/**
 * The session, its times by the receiver's clock; the receiver disposes its secret. Throws {@link SessionMessageError}
 * for one that the asked has not sealed for this question.
 */
export function openSession(
  pool: LockedPool,
  keys: SealingKeys,
  question: Question,
  session: SealedSession,
  now: number,
): CachedSession {
  const secret = openSecret(pool, keys, question, session);
  try {
    const state = decodeSessionState(session.state);
    if (state === undefined) throw new SessionMessageError("the session is of another release");
    return {
      state: shifted(state, now - session.age - state.issuedAt),
      secret,
      domain: question.request.domain,
    };
  } catch (error) {
    secret[Symbol.dispose]();
    throw error;
  }
}

function openSecret(
  pool: LockedPool,
  { own, theirs }: SealingKeys,
  question: Question,
  session: SealedSession,
): Secret {
  const binding = bindingOf(question);
  let cause: unknown;
  for (const keyPair of own) {
    try {
      using context = HpkeContext.fromKnownSender(pool, keyPair, theirs, session.encapsulatedKey, binding);
      return context.open(pool, encodeSessionFacts(session), session.sealed);
    } catch (error) {
      if (!(error instanceof HpkeError || error instanceof KeyAgreementError)) throw error;
      cause = error;
    }
  }
  throw new SessionMessageError("it was not sealed by the asked for this question", { cause });
}

function shifted(state: SessionState, by: number): SessionState {
  const { policy, peer } = state.clientAuthentication;
  return {
    ...state,
    issuedAt: state.issuedAt + by,
    clientAuthentication: {
      policy,
      ...(peer && { peer: { ...peer, authenticatedAt: peer.authenticatedAt + by } }),
    },
  };
}
