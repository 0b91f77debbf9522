import fc from "fast-check";
import { TlsError } from "../../../shared/tls_messages/errors.ts";
import type { Extension } from "../../../shared/tls_messages/extensions/extension.ts";
import { type HandshakeMessage, parseHandshake } from "../../../shared/tls_messages/handshake.ts";
import { type MessageCase, messageCases } from "../../../shared/tls_messages/testing/message_cases.ts";
import { withBody } from "../../../shared/tls_messages/testing/refusals.ts";
import { recordedHandshakeMessages } from "../corpus/handshake_seeds.ts";
import { type FuzzSubject, type FuzzTarget, promise, sameBytes } from "../fuzz_target.ts";
import { mutate } from "../mutate.ts";
import { outcomeOf } from "../outcome.ts";
import type { Random } from "../random.ts";

interface WithExtensions {
  readonly extensions: readonly Extension[];
}

/** A decoder of one message: the input is its body. What decodes must encode to the same bytes again. */
class MessageSubject implements FuzzSubject {
  readonly seeds: readonly Uint8Array[];
  readonly #case: MessageCase;
  readonly #model: HandshakeMessage;

  constructor(messageCase: MessageCase) {
    this.#case = messageCase;
    const made = fc.sample(messageCase.fields, { numRuns: 20, seed: 1 }).map((fields) =>
      messageCase.encode(fields)
    );
    this.#model = parseHandshake(made[0]!);
    const recorded = recordedHandshakeMessages().filter(({ type }) => type === this.#model.type);
    this.seeds = [...made.map((raw) => raw.slice(4)), ...recorded.map(({ body }) => body)];
  }

  run(input: Uint8Array): string {
    return outcomeOf(() => {
      const decoded = this.#case.decode(withBody(this.#model, input));
      const again = this.#case.encode(decoded).subarray(4);
      // An extension block that is there and empty is written as none.
      const emptyBlock = input.length === again.length + 2 && input.at(-1) === 0 && input.at(-2) === 0;
      promise(emptyBlock || sameBytes(again, input), "what was decoded encodes to other bytes");
      return `decoded ${Object.keys((decoded as { known?: object }).known ?? {})}`;
    }, TlsError);
  }

  /** Changes one extension and puts the lengths around it right, so that the change gets as far as its decoder. */
  mutate(input: Uint8Array, random: Random): Uint8Array {
    let decoded: WithExtensions;
    try {
      decoded = this.#case.decode(withBody(this.#model, input)) as WithExtensions;
    } catch {
      return input;
    }
    if (decoded.extensions === undefined || decoded.extensions.length === 0) return input;
    const extensions = [...decoded.extensions];
    const at = random.below(extensions.length);
    const chosen = extensions[at]!;
    const data = extensions.map((extension) => extension.data);
    switch (random.below(8)) {
      case 0:
        extensions.splice(at, 1);
        break;
      case 1:
        extensions.splice(random.below(extensions.length), 0, chosen);
        break;
      case 2:
        extensions[at] = { ...chosen, type: random.pick(extensions).type };
        break;
      default:
        extensions[at] = { ...chosen, data: mutate(chosen.data, random, data).subarray(0, 60_000) };
    }
    try {
      return this.#case.encode({ ...decoded, extensions }).subarray(4);
    } catch {
      return input; // longer than the block's length field can say
    }
  }
}

/** A target for each handshake message. */
export const messageTargets: readonly FuzzTarget[] = messageCases.map((messageCase) => ({
  name: `message-${messageCase.name.toLowerCase().replaceAll(/[ .]+/g, "-")}`,
  about: `the decoder of ${messageCase.name}`,
  share: messageCase.name === "ClientHello" ? 4 : 1,
  open: () => new MessageSubject(messageCase),
}));
