import { DevelopmentPki } from "../../certs/dev_pki.ts";
import {
  announce,
  AnnouncementVerifier,
  memberIdentity,
} from "../../edge-terminator/ticket_keys/hub/announcement.ts";
import { HubMember } from "../../edge-terminator/ticket_keys/hub/hub_member.ts";
import { tickInterval } from "../../edge-terminator/ticket_keys/hub/hub_speaker.ts";
import { SharedTicketKeys } from "../../edge-terminator/ticket_keys/sharing/shared_ticket_keys.ts";
import { defaultSchedule } from "../../edge-terminator/ticket_keys/schedule.ts";
import { randomBytes } from "../../shared/libcrypto/random.ts";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { pemToDer } from "../../shared/libcrypto/x509.ts";
import { EventQueue } from "./event_queue.ts";
import type { NetworkProfile } from "./network.ts";
import { SimulatedHub } from "./simulated_hub.ts";

const domain = "default";
/** Milliseconds between ticks of a member: "a few times a second". */
export const memberTick = tickInterval;

interface RealEdge {
  readonly pool: LockedPool;
  readonly keys: SharedTicketKeys;
  readonly member: HubMember;
}

/** What a start of all edges at once, or one new key, took. */
export interface RealResult {
  readonly edges: number;
  /** Milliseconds until every edge seals by the new key. */
  readonly activation: number;
  readonly messages: number;
  readonly bytes: number;
  /** Milliseconds of this process for each edge: real seals, opens, signatures. */
  readonly cpuEach: number;
}

/** Real members of a hub, with real keys and real seals, on a clock and a network of the test's. */
export class RealMembers implements Disposable {
  readonly #queue = new EventQueue();
  readonly #hub = new SimulatedHub(this.#queue, domain);
  readonly #edges: RealEdge[] = [];
  readonly #verifier: AnnouncementVerifier;
  readonly refused: string[] = [];
  #isStarted = false;

  private constructor(authority: Uint8Array) {
    this.#verifier = new AnnouncementVerifier([authority]);
  }

  /** Edges that connect at once, and know of nobody. */
  static async start(count: number, profile: NetworkProfile): Promise<RealMembers> {
    const pki = await DevelopmentPki.create();
    const members = new RealMembers(pemToDer(pki.edges.certificatePem)[0]!);
    for (let number = 0; number < count; number++) {
      const edge = `spiffe://holdfast.test/edge/${number}`;
      const { certificatePem, privateKeyPem } = await pki.edgeIdentity(edge);
      members.#add(edge, profile, {
        certificate: certificatePem,
        privateKey: privateKeyPem,
        notAfter: Infinity,
      });
    }
    return members;
  }

  /** Lets time pass until every edge seals. */
  started(): RealResult {
    return this.#measure(() => this.#edges.every(({ keys }) => keys.sealingKey(domain) !== undefined));
  }

  /** Makes a new key at one edge, and lets time pass until it seals. */
  rotate(): RealResult {
    const { keys } = this.#edges[0]!;
    const before = keys.sealingKey(domain)!.name.toHex();
    keys.rotate(domain);
    return this.#measure(() => keys.sealingKey(domain)!.name.toHex() !== before);
  }

  /** How many keys each edge holds. */
  get keysHeld(): number[] {
    return this.#edges.map(({ keys }) => keys.status().length);
  }

  [Symbol.dispose](): void {
    for (const { member, keys, pool } of this.#edges) {
      member[Symbol.dispose]();
      keys[Symbol.dispose]();
      pool[Symbol.dispose]();
    }
    this.#verifier[Symbol.dispose]();
  }

  #add(edge: string, profile: NetworkProfile, identity: Parameters<typeof memberIdentity>[0]): void {
    const pool = LockedPool.open({ totalBytes: 64 * 512 });
    const now = () => this.#queue.now;
    const instance = randomBytes(16).toHex();
    const keys: SharedTicketKeys = new SharedTicketKeys({
      pool,
      now,
      waitsForOthers: true,
      post: { join: () => {}, send: () => {} },
    });
    keys.takeRoster({ self: 1, members: [{ id: 1, publicKey: new Uint8Array(32) }] });
    const signer = memberIdentity(identity);
    const member = new HubMember({
      pool,
      instance,
      keys,
      now,
      wall: now,
      activationDelay: defaultSchedule.activationDelay,
      renewEvery: defaultSchedule.sealsFor,
      announce: (publicKey, madeAt) => announce(signer, instance, publicKey, madeAt),
      verify: (other) => this.#verifier.verify(other),
      say: (_source, message) => this.#hub.say(instance, edge, message),
      counts: () => ({ issued: 0, resumed: 0, refused: 0 }),
      onRefused: ({ message }) => this.refused.push(message),
    });
    this.#hub.connect(instance, profile, (message) => member.receive(0, message));
    this.#edges.push({ pool, keys, member });
    for (const message of member.greeting(0)) this.#hub.say(instance, edge, message);
    const tick = () => {
      keys.tick();
      member.tick();
      this.#queue.after(memberTick, tick);
    };
    this.#queue.after(memberTick * (this.#edges.length % 10) / 10, tick);
  }

  #measure(isDone: () => boolean): RealResult {
    const from = this.#isStarted ? this.#hub.traffic : { messages: 0, bytes: 0 };
    const [at, cpu] = [this.#isStarted ? this.#queue.now : 0, performance.now()];
    this.#isStarted = true;
    if (!this.#queue.runUntil(isDone, at + 600_000)) throw new Error("a key never came to seal");
    const { messages, bytes } = this.#hub.traffic;
    return {
      edges: this.#edges.length,
      activation: this.#queue.now - at,
      messages: messages - from.messages,
      bytes: bytes - from.bytes,
      cpuEach: (performance.now() - cpu) / this.#edges.length,
    };
  }
}
