import type { KeyEntity } from "../registry/entities/key.ts";
import { isInToken } from "../config_rules.ts";
import { destroyKeyPair } from "../token/destroy.ts";
import { generateKey, generateKeyOnce, type GenerateOptions } from "../token/generate.ts";
import type { PublicKey } from "../token/public_key.ts";
import type { Token } from "../token/token.ts";
import { TokenKey } from "../token/token_key.ts";
import { keyUri, parsePkcs11Uri } from "../token/uri.ts";
import { IssuanceError } from "./errors.ts";

/** A key that was made in a token. */
export interface GeneratedKey {
  /** For the registry. */
  readonly uri: string;
  readonly publicKey: PublicKey;
}

/** Which token: that of a label, or that of a key; undefined: the only one. */
export type TokenPlace = { readonly label: string } | { readonly ofKey: string } | undefined;

/** A token by its label; undefined: the only one. */
export function inToken(label: string | undefined): TokenPlace {
  return label === undefined ? undefined : { label };
}

/** Keys in the tokens that a key server has open: made, used for certificates, and destroyed. */
export class TokenKeys {
  readonly #open: () => readonly Token[];

  /** `open` is asked each time: tokens come and go. */
  constructor(open: () => readonly Token[]) {
    this.#open = open;
  }

  /**
   * Makes a key. `once`: a key of that label which is there already,
   * from before a crash, is taken. Throws IssuanceError, TokenError.
   */
  async generate(
    place: TokenPlace,
    options: GenerateOptions & { readonly once?: boolean },
  ): Promise<GeneratedKey> {
    const token = this.#choose(place);
    const make = options.once === true ? generateKeyOnce : generateKey;
    const publicKey = await token.change((calls, session) => make(calls, session, options));
    return { uri: keyUri({ ...token.uri, object: options.label }), publicKey };
  }

  /** A key with what its token can do with it, for a few signatures. Throws IssuanceError, TokenError. */
  async load(uri: string): Promise<TokenKey> {
    const selector = parsePkcs11Uri(uri);
    return await TokenKey.load(this.#tokenOf(uri), selector);
  }

  /** Both halves are gone afterwards, from every token that has them. Throws IssuanceError, TokenError; another key is never touched. */
  async destroy(
    { uri, copies = [], subjectKeyIdentifier }: Pick<KeyEntity, "uri" | "copies" | "subjectKeyIdentifier">,
  ): Promise<void> {
    const identifier = Uint8Array.fromHex(subjectKeyIdentifier);
    for (const place of [uri, ...copies]) await this.#destroyIn(place, identifier);
  }

  async #destroyIn(uri: string, identifier: Uint8Array): Promise<void> {
    const selector = parsePkcs11Uri(uri);
    await this.#tokenOf(uri).change((calls, session) => destroyKeyPair(calls, session, selector, identifier));
  }

  /** Whatever a `generate` with that label left behind, of which nobody knows. */
  async destroyLabel(place: TokenPlace, label: string): Promise<void> {
    await this.#choose(place).change((calls, session) => destroyKeyPair(calls, session, { object: label }));
  }

  #tokenOf(uri: string): Token {
    const selector = parsePkcs11Uri(uri);
    const token = this.#open().find((candidate) => isInToken(selector, candidate.uri));
    if (token === undefined) throw new IssuanceError("use the key", `its token is not open (${uri})`);
    return token;
  }

  #choose(place: TokenPlace): Token {
    if (place !== undefined && "ofKey" in place) return this.#tokenOf(place.ofKey);
    const label = place?.label;
    const tokens = this.#open();
    const found = label === undefined ? tokens : tokens.filter(({ uri }) => uri.token === label);
    const [token] = found;
    if (token === undefined) {
      throw new IssuanceError("make a key", `there is no token ${label ?? ""}`.trimEnd());
    }
    if (found.length > 1) {
      const labels = tokens.map(({ name }) => name).join(", ");
      throw new IssuanceError("make a key", `there are several tokens; say in which (${labels})`);
    }
    return token;
  }
}
