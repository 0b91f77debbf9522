import { gcmHashKey, roundKeys } from "./aes_key_schedule.ts";
import type { NamedSecret } from "./named_secret.ts";
import { sha2BlockLength, stateAfter } from "./sha2_state.ts";

const utf8 = new TextEncoder();

/** Everything that a secret may look like in memory, by the name of the form. */
export function formsOf(secret: NamedSecret): Map<string, Uint8Array> {
  const { bytes } = secret;
  if (secret.isRawOnly === true) return new Map([["raw", bytes]]);
  const forms = new Map([
    ["raw", bytes],
    ["limbs reversed", bytes.toReversed()],
    ["words of 8 bytes swapped", swapped(bytes, 8)],
    ["words of 4 bytes swapped", swapped(bytes, 4)],
    ["hex", utf8.encode(bytes.toHex())],
    ["upper-case hex", utf8.encode(bytes.toHex().toUpperCase())],
    ["hex of two-byte characters", twoByte(bytes.toHex())],
    // Without the end, which depends on what follows.
    ["base64", utf8.encode(bytes.toBase64().slice(0, 4 * Math.floor(bytes.length / 3)))],
    ...hmacForms(secret),
    ...aeadForms(secret),
  ]);
  for (const [name, form] of forms) {
    if (form.length < 8 || isCommon(form)) forms.delete(name);
  }
  return forms;
}

/** What an HMAC under this key works with: the padded keys, and the two states that stand for them. */
function hmacForms({ bytes, hmac }: NamedSecret): [string, Uint8Array][] {
  if (hmac === undefined) return [];
  return ([["inner", 0x36], ["outer", 0x5c]] as const).flatMap(([name, pad]) => {
    const block = new Uint8Array(sha2BlockLength[hmac]);
    block.set(bytes);
    const padded = block.map((byte) => byte ^ pad);
    return [
      [`HMAC ${name} pad`, padded.subarray(0, bytes.length)],
      [`HMAC ${name} state`, stateAfter(hmac, padded)],
    ] as [string, Uint8Array][];
  });
}

function aeadForms({ bytes, aead }: NamedSecret): [string, Uint8Array][] {
  if (aead === undefined || aead === "chacha20-poly1305") return [];
  const hashKey = gcmHashKey(bytes);
  const rounds = roundKeys(bytes).slice(bytes.length / 16);
  return [
    ["GHASH key", hashKey],
    ["GHASH key, words swapped", swapped(hashKey, 8)],
    ...rounds.flatMap((key, index): [string, Uint8Array][] => [
      [`AES round key ${index + bytes.length / 16}`, key],
      [`AES round key ${index + bytes.length / 16}, words swapped`, swapped(key, 4)],
    ]),
  ];
}

/** Each word's bytes in the other order; an odd rest is left away. */
function swapped(bytes: Uint8Array, wordLength: number): Uint8Array {
  const whole = bytes.length - bytes.length % wordLength;
  return Uint8Array.from({ length: whole }, (_, i) => {
    const start = i - i % wordLength;
    return bytes[start + wordLength - 1 - i % wordLength]!;
  });
}

function twoByte(text: string): Uint8Array {
  return Uint8Array.from([...text].flatMap((character) => [character.charCodeAt(0), 0]));
}

/** Few distinct bytes: no secret, and everywhere. */
function isCommon(form: Uint8Array): boolean {
  return new Set(form).size < 4;
}
