import { type AgingKey, makeAgingKey, never } from "../../../edge-terminator/ticket_keys/aging_key.ts";
import { LetterError, SiblingMessageError } from "../../../edge-terminator/ticket_keys/errors.ts";
import { defaultSchedule } from "../../../edge-terminator/ticket_keys/schedule.ts";
import { type Letter, openLetter, sealLetter } from "../../../edge-terminator/ticket_keys/hub/letter.ts";
import { openKeys, sealKeys } from "../../../edge-terminator/ticket_keys/sharing/sealed_keys.ts";
import { DecodeError } from "../../../shared/codec/errors.ts";
import type { RsaKeyExchangeRequest } from "../../../shared/keyless_protocol/operations.ts";
import { openMasterSecret, sealMasterSecret } from "../../../shared/keyless_protocol/sealed_master_secret.ts";
import { HpkeError, KeyAgreementError } from "../../../shared/libcrypto/errors.ts";
import { EphemeralKeyPair } from "../../../shared/libcrypto/key_agreement.ts";
import { randomSecret } from "../../../shared/libcrypto/random.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { type FuzzSubject, type FuzzTarget, promise, sameBytes } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";

const encapsulatedKeyLength = 32;
const answerLength = encapsulatedKeyLength + 48 + 16;

/** A pool, a recipient, and the promise that nothing stays rented and nothing opens that was not sealed for it. */
abstract class SealedSubject implements FuzzSubject {
  protected readonly pool = LockedPool.open({ totalBytes: 64 * 512 });
  protected readonly recipient = EphemeralKeyPair.generate("x25519");
  abstract readonly seeds: readonly Uint8Array[];

  protected abstract open(input: Uint8Array): string;

  run(input: Uint8Array): string {
    const before = this.pool.blocksInUse;
    const words = this.open(input);
    promise(this.pool.blocksInUse === before, "blocks were not returned");
    const ours = this.seeds.some((seed) => sameBytes(seed, input));
    promise(ours === (words === "opened"), ours ? "our own does not open" : "what is not ours opened");
    return words;
  }

  [Symbol.dispose](): void {
    this.recipient[Symbol.dispose]();
    this.pool[Symbol.dispose]();
  }
}

/** The answer to an RSA key exchange, as long as its decoder lets it be: an encapsulated key, then the ciphertext. */
class MasterSecretSubject extends SealedSubject {
  readonly #request: RsaKeyExchangeRequest = {
    operation: "rsa-key-exchange",
    role: "server",
    subjectKeyIdentifier: new Uint8Array(20),
    serverName: "www.holdfast.test",
    deadline: 1_000,
    clientVersion: 0x0303,
    prfHash: "sha256",
    seed: { form: "extended", sessionHash: new Uint8Array(32) },
    encryptedPreMasterSecret: new Uint8Array(256),
    recipientPublicKey: this.recipient.publicKey,
  };
  readonly seeds: readonly Uint8Array[];

  constructor() {
    super();
    using master = randomSecret(this.pool, 48);
    const { encapsulatedKey, ciphertext } = sealMasterSecret(this.pool, this.#request, master);
    this.seeds = [Uint8Array.of(...encapsulatedKey, ...ciphertext)];
  }

  protected open(input: Uint8Array): string {
    if (input.length !== answerLength) return "no answer";
    return outcomeOf(
      () => {
        const answer = {
          type: "sealed-master-secret",
          encapsulatedKey: input.subarray(0, encapsulatedKeyLength),
          ciphertext: input.subarray(encapsulatedKeyLength),
        } as const;
        openMasterSecret(this.pool, this.recipient, this.#request, answer)[Symbol.dispose]();
        return "opened";
      },
      HpkeError,
      KeyAgreementError,
    );
  }
}

/** Ticket keys from a sibling worker. */
class SiblingKeysSubject extends SealedSubject {
  readonly seeds: readonly Uint8Array[];

  constructor() {
    super();
    const keys = [0, 1, 2].map((at) =>
      makeAgingKey(this.pool, defaultSchedule, at, {
        domain: "a.test",
        epoch: at,
        sealsIn: at === 1 ? never : 0,
      })!
    );
    const seal = (some: readonly AgingKey[]) =>
      sealKeys(this.pool, this.recipient.publicKey, { from: 1, to: 2, serial: 1 }, some, 10);
    this.seeds = [seal(keys.slice(0, 1)), seal(keys)];
    for (const { secret } of keys) secret[Symbol.dispose]();
  }

  protected open(input: Uint8Array): string {
    return outcomeOf(() => {
      try {
        const { keys } = openKeys(this.pool, this.recipient, { from: 1, to: 2, after: 0 }, input, 20);
        for (const { secret } of keys) secret[Symbol.dispose]();
        return "opened";
      } catch (error) {
        // Whatever went wrong is its cause: an error of ours in there is a defect all the same.
        const { cause } = error as Error;
        const expected = [DecodeError, HpkeError, KeyAgreementError].some((family) =>
          cause instanceof family
        );
        if (!expected) throw cause;
        throw error;
      }
    }, SiblingMessageError);
  }
}

/** A letter from another edge. */
class LetterSubject extends SealedSubject {
  readonly #sender = EphemeralKeyPair.generate("x25519");
  readonly #path = { from: "0a".repeat(16), to: "0b".repeat(16) };
  readonly seeds: readonly Uint8Array[];

  constructor() {
    super();
    const keys = [0, 1].map((epoch) =>
      makeAgingKey(this.pool, defaultSchedule, 0, { domain: "a.test", epoch, sealsIn: never })!
    );
    const holds = [new Uint8Array(16), new Uint8Array(16).fill(1)];
    const how = {
      sender: this.#sender,
      recipientPublicKey: this.recipient.publicKey,
      path: this.#path,
      serial: 1,
    };
    const seal = (letter: Letter) => sealLetter(this.pool, how, letter, { now: 10, wall: 10 });
    this.seeds = [seal({ keys, holds }), seal({ keys: keys.slice(1), holds: [] }), seal({ keys: [], holds })];
    for (const { secret } of keys) secret[Symbol.dispose]();
  }

  protected open(input: Uint8Array): string {
    return outcomeOf(() => {
      try {
        const how = {
          recipient: this.recipient,
          senderPublicKey: this.#sender.publicKey,
          path: this.#path,
          after: 0,
        };
        const { keys } = openLetter(this.pool, how, input, { now: 20, wall: 20 });
        for (const { secret } of keys) secret[Symbol.dispose]();
        return "opened";
      } catch (error) {
        const { cause } = error as Error;
        const expected = [DecodeError, HpkeError, KeyAgreementError].some((family) =>
          cause instanceof family
        );
        if (!expected) throw cause;
        throw error;
      }
    }, LetterError);
  }

  override [Symbol.dispose](): void {
    this.#sender[Symbol.dispose]();
    super[Symbol.dispose]();
  }
}

export const sealedSecretTargets: readonly FuzzTarget[] = [
  {
    name: "sealed-master-secret",
    about: "master secrets that a key server seals for an edge",
    open: () => new MasterSecretSubject(),
  },
  {
    name: "sibling-ticket-keys",
    about: "ticket keys that a worker seals for a sibling",
    open: () => new SiblingKeysSubject(),
  },
  {
    name: "edge-ticket-letters",
    about: "ticket keys that an edge seals for another one",
    open: () => new LetterSubject(),
  },
];
