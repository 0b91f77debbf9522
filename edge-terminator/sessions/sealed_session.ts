/** Both seals of an exchange; `session_messages.ts` has what is bound into them. */
import { ByteWriter } from "../../shared/codec/byte_writer.ts";
import { constantTimeEqual } from "../../shared/libcrypto/constant_time.ts";
import { type HpkeBinding, hpkeOpen, hpkeSeal } from "../../shared/libcrypto/hpke.ts";
import type { EphemeralKeyPair } from "../../shared/libcrypto/key_agreement.ts";
import { randomSecret } from "../../shared/libcrypto/random.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import { HoldfastError } from "../../shared/errors.ts";
import type { SessionRequest } from "../tls/server_events.ts";
import type { CachedSession } from "../tls/sessions/session_cache.ts";
import { decodeSessionState, encodeSessionState, type SessionState } from "../tls/tickets/session_state.ts";
import { SessionMessageError } from "./errors.ts";
import {
  encodeRequest,
  encodeSessionFacts,
  masterSecretLength,
  proofLength,
  type SealedSession,
  type SessionQuery,
} from "./session_messages.ts";

/** One question: who asks whom, for the how manieth time, for what. Names are those that carriers use. */
export interface Question {
  readonly asker: string;
  readonly asked: string;
  readonly number: number;
  readonly request: SessionRequest;
}

const none = new Uint8Array(0);

function binding(part: "query" | "answer", question: Question, aad: Uint8Array = none): HpkeBinding {
  const writer = new ByteWriter();
  for (const word of [`holdfast session ${part} 1`, question.asker, question.asked]) {
    writer.vector8(new TextEncoder().encode(word));
  }
  writer.u64(BigInt(question.number));
  writer.bytes(encodeRequest(question.request));
  return { aead: "chacha20-poly1305", info: writer.finish(), aad };
}

/** The query and the proof that the answer has to give back. Throws KeyAgreementError for a public key that is none. */
export function sealQuery(
  pool: LockedPool,
  publicKey: Uint8Array,
  question: Question,
): { readonly query: SessionQuery; readonly proof: Secret } {
  const proof = randomSecret(pool, proofLength);
  try {
    const { encapsulatedKey, ciphertext } = hpkeSeal(pool, publicKey, binding("query", question), proof);
    const { number, request } = question;
    return { query: { kind: "query", number, request, encapsulatedKey, sealedProof: ciphertext }, proof };
  } catch (error) {
    proof[Symbol.dispose]();
    throw error;
  }
}

/** Answers a query with a session, which stays the caller's. Throws {@link SessionMessageError} for a forged query. */
export function sealAnswer(
  pool: LockedPool,
  keyPairs: readonly EphemeralKeyPair[],
  publicKey: Uint8Array,
  question: Question,
  { encapsulatedKey, sealedProof: ciphertext }: SessionQuery,
  { state, secret }: Pick<CachedSession, "state" | "secret">,
  now: number,
): SealedSession {
  using proof = open(pool, keyPairs, binding("query", question), { encapsulatedKey, ciphertext });
  using content = pool.rent(masterSecretLength + proofLength);
  content.bytes.set(secret.bytes);
  content.bytes.set(proof.bytes, masterSecretLength);
  const facts = { age: Math.max(0, now - state.issuedAt), state: encodeSessionState(state) };
  const message = hpkeSeal(pool, publicKey, binding("answer", question, encodeSessionFacts(facts)), content);
  return { ...facts, encapsulatedKey: message.encapsulatedKey, sealed: message.ciphertext };
}

/**
 * The session of an answer, its times by the receiver's clock; the receiver disposes its secret. Throws
 * {@link SessionMessageError} for one that the asked has not sealed for this question.
 */
export function openAnswer(
  pool: LockedPool,
  keyPairs: readonly EphemeralKeyPair[],
  question: Question,
  proof: Secret,
  { encapsulatedKey, sealed: ciphertext, ...facts }: SealedSession,
  now: number,
): CachedSession {
  const bound = binding("answer", question, encodeSessionFacts(facts));
  using content = open(pool, keyPairs, bound, { encapsulatedKey, ciphertext });
  if (!constantTimeEqual(content.bytes.subarray(masterSecretLength), proof.bytes)) {
    throw new SessionMessageError("its sender is not who was asked");
  }
  const state = decodeState(facts.state);
  const secret = pool.rent(masterSecretLength);
  secret.bytes.set(content.bytes.subarray(0, masterSecretLength));
  return { state: shifted(state, now - facts.age - state.issuedAt), secret, domain: question.request.domain };
}

function open(
  pool: LockedPool,
  keyPairs: readonly EphemeralKeyPair[],
  bound: HpkeBinding,
  message: { readonly encapsulatedKey: Uint8Array; readonly ciphertext: Uint8Array },
): Secret {
  let cause: unknown;
  for (const keyPair of keyPairs) {
    try {
      return hpkeOpen(pool, keyPair, bound, message);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      cause = error;
    }
  }
  throw new SessionMessageError("it was not sealed for this receiver and question", { cause });
}

/** Its maker is known by now; another release may still have another form. */
function decodeState(bytes: Uint8Array): SessionState {
  const state = decodeSessionState(bytes);
  if (state === undefined) throw new SessionMessageError("the session is of another release");
  return state;
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
