import { SessionMessageError } from "../../../edge-terminator/sessions/errors.ts";
import {
  decodeSessionMessage,
  encodeSessionMessage,
  type SessionMessage,
} from "../../../edge-terminator/sessions/session_messages.ts";
import { aDomain, aName, SessionStage } from "../../../edge-terminator/sessions/testing/session_stage.ts";
import { type FuzzSubject, type FuzzTarget, promise, sameBytes } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";

const encapsulatedKey = new Uint8Array(32).fill(9);
const request = { sessionId: new Uint8Array(32).fill(1), domain: aDomain, serverName: aName };
const session = { encapsulatedKey, age: 5, state: new Uint8Array(40), sealed: new Uint8Array(64) };
const examples: readonly SessionMessage[] = [
  { kind: "hello", worker: "abcd", publicKey: encapsulatedKey, edge: "012345", peers: ["678901", "abcdef"] },
  { kind: "query", number: 1, request },
  { kind: "answer", number: 1 },
  { kind: "answer", number: 1, session },
  { kind: "remove", id: request.sessionId },
];

/**
 * What is read must be written as the same bytes; and a worker that is sent anything at all, by a sibling or a peer,
 * neither throws nor keeps anything in its pool.
 */
class SessionMessageSubject implements FuzzSubject {
  readonly seeds = examples.map(encodeSessionMessage);
  readonly #stage = new SessionStage();

  constructor() {
    this.#stage.carry = () => [];
    this.#stage.start("a", "b");
  }

  run(input: Uint8Array): string {
    const { shared, pool } = this.#stage.worker("a/1");
    shared.receive(2, input);
    shared.receiveFromPeer(this.#stage.instances.get("b")!, input);
    this.#stage.letters.length = 0;
    this.#stage.refused.length = 0;
    promise(pool.blocksInUse === 0, "a message leaves something in the pool");
    return outcomeOf(() => {
      const message = decodeSessionMessage(input);
      const names = message.kind === "query" ? message.request.domain + message.request.serverName : "";
      // Only we write them, and never such names.
      if (names.includes("\ufffd") || names.includes("\ufeff")) return "not of ours";
      const again = encodeSessionMessage(message);
      const isSame = sameBytes(again, input) || names !== "";
      promise(
        isSame && sameBytes(encodeSessionMessage(decodeSessionMessage(again)), again),
        "a message changes",
      );
      return message.kind;
    }, SessionMessageError);
  }

  [Symbol.dispose](): void {
    this.#stage[Symbol.dispose]();
  }
}

export const sessionMessageTarget: FuzzTarget = {
  name: "session-messages",
  about: "what workers and edges say to each other about TLS 1.2 sessions",
  open: () => new SessionMessageSubject(),
};
