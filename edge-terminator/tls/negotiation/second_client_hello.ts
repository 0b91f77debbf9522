import { AlertDescription, ExtensionType } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { misbehaved } from "../errors.ts";

/** What a client may change after a HelloRetryRequest; an encrypted_client_hello is sealed anew by RFC 9849. */
const mayChange: ReadonlySet<number> = new Set([
  ExtensionType.key_share,
  ExtensionType.early_data,
  ExtensionType.cookie,
  ExtensionType.pre_shared_key,
  ExtensionType.padding,
  ExtensionType.encrypted_client_hello,
]);

/** RFC 8446, Section 4.1.2: the second ClientHello is the first, but for the extensions that may change. */
export function requireUnchanged(first: ClientHello, second: ClientHello): void {
  const same = first.legacyVersion === second.legacyVersion &&
    equal(first.random, second.random) &&
    equal(first.legacySessionId, second.legacySessionId) &&
    equal(first.cipherSuites, second.cipherSuites) &&
    equal(first.legacyCompressionMethods, second.legacyCompressionMethods) &&
    equal(fixedExtensions(first), fixedExtensions(second));
  if (!same) throw changed("it is not the first one again");
}

/** Type and content of each extension that must stay, in order of type: clients may permute. */
function fixedExtensions(hello: ClientHello): readonly string[] {
  return hello.extensions.filter(({ type }) => !mayChange.has(type))
    .map(({ type, data }) => `${type} ${data.toHex()}`)
    .sort();
}

function equal(one: ArrayLike<number | string>, other: ArrayLike<number | string>): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}

function changed(why: string) {
  return misbehaved(
    AlertDescription.illegal_parameter,
    "SECOND_CLIENTHELLO_MISMATCH",
    `of its second ClientHello: ${why}`,
  );
}
