import { Random } from "../fuzz/random.ts";
import type { EventQueue } from "./event_queue.ts";

/** The connections between edges and their hub. */
export interface NetworkProfile {
  readonly name: string;
  /** Milliseconds one way, of each edge: spread evenly between the two. */
  readonly latency: readonly [number, number];
  /** Of packets; each loss holds up what follows on the connection until it was sent again. */
  readonly loss: number;
  /** Every so manieth edge is on a slow link: half a second one way, 256 kbit/s. 0: none is. */
  readonly slowEvery: number;
}

export const profiles: readonly NetworkProfile[] = [
  { name: "near", latency: [1, 20], loss: 0, slowEvery: 0 },
  { name: "world", latency: [5, 150], loss: 0, slowEvery: 0 },
  { name: "world, 2 % loss", latency: [5, 150], loss: 0.02, slowEvery: 0 },
  { name: "world, 2 % loss, every 20th slow", latency: [5, 150], loss: 0.02, slowEvery: 20 },
];

const packetBytes = 1400;
const usualRate = 100e6 / 8 / 1000;
const slowRate = 256e3 / 8 / 1000;
const slowLatency = 500;

/** A process or a wire that does one thing after the other. */
export class Server {
  #freeAt = 0;
  /** Milliseconds that it was busy. */
  busy = 0;

  /** When a piece of work that comes at `now` and takes `milliseconds` is done. */
  done(now: number, milliseconds: number): number {
    this.busy += milliseconds;
    this.#freeAt = Math.max(now, this.#freeAt) + milliseconds;
    return this.#freeAt;
  }
}

/** One direction of a TCP connection: in order, at a rate, with packets that are sent again. */
export class Link {
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #loss: number;
  readonly #latency: number;
  readonly #rate: number;
  readonly #wire = new Server();
  #lastArrival = 0;
  messages = 0;
  bytes = 0;

  constructor(queue: EventQueue, profile: NetworkProfile, edge: number) {
    this.#queue = queue;
    this.#random = new Random(edge);
    const [least, most] = profile.latency;
    const isSlow = profile.slowEvery > 0 && edge % profile.slowEvery === profile.slowEvery - 1;
    this.#loss = profile.loss;
    this.#latency = isSlow ? slowLatency : least + (most - least) * this.#fraction();
    this.#rate = isSlow ? slowRate : usualRate;
  }

  send(bytes: number, arrive: () => void): void {
    this.messages++;
    this.bytes += bytes;
    const sent = this.#wire.done(this.#queue.now, bytes / this.#rate);
    let arrival = sent + this.#latency;
    for (let packet = 0; packet < bytes; packet += packetBytes) {
      // Again after a retransmission timeout, and again twice as late.
      for (let pause = 2 * this.#latency + 200; this.#fraction() < this.#loss; pause *= 2) arrival += pause;
    }
    this.#lastArrival = Math.max(this.#lastArrival, arrival);
    this.#queue.at(this.#lastArrival, arrive);
  }

  #fraction(): number {
    return this.#random.below(1 << 20) / (1 << 20);
  }
}
