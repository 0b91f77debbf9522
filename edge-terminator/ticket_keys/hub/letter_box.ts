import type { EphemeralKeyPair } from "../../../shared/libcrypto/key_agreement.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { MailboxKey } from "../sharing/mailbox_key.ts";
import type { KnownMember } from "./known_member.ts";
import { type Letter, type LetterClocks, openLetter, sealLetter } from "./letter.ts";

interface Taken {
  readonly serial: number;
  readonly at: number;
}

/** Seals and opens an edge's letters, and takes none twice (S18). */
export class LetterBox implements Disposable {
  readonly #pool: LockedPool;
  readonly #instance: string;
  readonly #mailbox: MailboxKey;
  /** The last letter that was taken, by the sender's key: kept while any letter to a key of ours may open. */
  readonly #taken = new Map<string, Taken>();

  #serial = 0;

  constructor(pool: LockedPool, instance: string, now: number) {
    this.#pool = pool;
    this.#instance = instance;
    this.#mailbox = new MailboxKey(now);
  }

  get publicKey(): Uint8Array {
    return this.#mailbox.publicKey;
  }

  /** The newest first. */
  get keyPairs(): readonly EphemeralKeyPair[] {
    return this.#mailbox.keyPairs;
  }

  /** Renews a key pair that is `interval` old, and says whether it did. */
  renew(now: number, interval: number): boolean {
    for (const [sender, { at }] of this.#taken) if (now - at > 2 * interval) this.#taken.delete(sender);
    return this.#mailbox.renew(now, interval);
  }

  seal(member: KnownMember, letter: Letter, clocks: LetterClocks): Uint8Array<ArrayBuffer> {
    const how = {
      sender: this.#mailbox.keyPairs[0]!,
      recipientPublicKey: member.publicKey,
      path: { from: this.#instance, to: member.instance },
      serial: ++this.#serial,
    };
    return sealLetter(this.#pool, how, letter, clocks);
  }

  /** Throws LetterError for what is not that member's, or was taken before. */
  open(member: KnownMember, body: Uint8Array, clocks: LetterClocks): Letter {
    const sender = member.publicKey.toHex();
    const how = {
      senderPublicKey: member.publicKey,
      path: { from: member.instance, to: this.#instance },
      after: this.#taken.get(sender)?.serial ?? 0,
    };
    const letter = this.#openWithAny(how, body, clocks);
    this.#taken.set(sender, { serial: letter.serial, at: clocks.now });
    return letter;
  }

  #openWithAny(
    how: Omit<Parameters<typeof openLetter>[1], "recipient">,
    body: Uint8Array,
    clocks: LetterClocks,
  ) {
    const [current, before] = this.#mailbox.keyPairs;
    try {
      return openLetter(this.#pool, { ...how, recipient: current! }, body, clocks);
    } catch (error) {
      if (before === undefined) throw error;
      return openLetter(this.#pool, { ...how, recipient: before }, body, clocks);
    }
  }

  [Symbol.dispose](): void {
    this.#mailbox[Symbol.dispose]();
  }
}
