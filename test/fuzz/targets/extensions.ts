import fc from "fast-check";
import assert from "node:assert/strict";
import { TlsError } from "../../../shared/tls_messages/errors.ts";
import {
  decodeExtension,
  encodeExtension,
  type ExtensionCodec,
} from "../../../shared/tls_messages/extensions/extension.ts";
import { extensionArbitraries } from "../../../shared/tls_messages/testing/extension_arbitraries.ts";
import { recordedHandshakeMessages } from "../corpus/handshake_seeds.ts";
import { decodeClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { HandshakeType } from "../../../shared/tls_constants.ts";
import type { FuzzSubject, FuzzTarget } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";

const codecs = [...extensionArbitraries.keys()];

/** All extension decoders: the input's first byte says which, the rest is the data. */
class ExtensionSubject implements FuzzSubject {
  readonly seeds: readonly Uint8Array[] = [
    ...codecs.flatMap((codec, index) => madeSeeds(codec).map((data) => Uint8Array.of(index, ...data))),
    ...recordedSeeds(),
  ];

  run(input: Uint8Array): string {
    const index = (input[0] ?? 0) % codecs.length;
    const codec = codecs[index]!;
    return outcomeOf(() => {
      const value = decodeExtension(codec, input.subarray(1));
      const again = decodeExtension(codec, encodeExtension(codec, value).data);
      // A status request of another kind than OCSP counts as none, and none is written as OCSP's.
      if (value !== undefined) assert.deepEqual(again, value);
      return `decoded ${index}`;
    }, TlsError);
  }
}

function madeSeeds(codec: ExtensionCodec<unknown>): Uint8Array[] {
  const values = fc.sample(extensionArbitraries.get(codec)!, { numRuns: 4, seed: 1 });
  return values.map((value) => encodeExtension(codec, value).data);
}

function recordedSeeds(): Uint8Array[] {
  const hellos = recordedHandshakeMessages().filter(({ type }) => type === HandshakeType.client_hello);
  return hellos.flatMap((hello) =>
    decodeClientHello(hello).extensions.flatMap(({ type, data }) => {
      const index = codecs.findIndex((codec) => codec.type === type);
      return index === -1 ? [] : [Uint8Array.of(index, ...data)];
    })
  );
}

export const extensionTarget: FuzzTarget = {
  name: "extensions",
  about: "the decoders of every extension in every message",
  share: 2,
  open: () => new ExtensionSubject(),
};
