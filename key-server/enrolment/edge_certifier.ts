import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
} from "../../shared/pki/x509.ts";
import { certify, validFor } from "../issuance/token_authority.ts";
import type { TokenKeys } from "../issuance/token_keys.ts";
import type { AuthorityEntity } from "../registry/entities/authority.ts";
import type { Registry } from "../registry/registry.ts";
import type { Clock } from "../rotation/clock.ts";
import type { TokenKey } from "../token/token_key.ts";
import { EnrolmentError } from "./errors.ts";

/** Keys that an edge's identity may have: what TLS signs with quickly, and nothing that is weak. */
const edgeKeyAlgorithms = new Set(["P-256", "P-384", "Ed25519"]);

export interface EdgeCertifierOptions {
  readonly registry: Registry;
  readonly tokenKeys: TokenKeys;
  readonly clock: Clock;
  /** The name of the authority. */
  readonly authority: string;
  /** Milliseconds. */
  readonly certificateLifetime: number;
}

/** Certifies edges with the edge authority's key, which is in a token. */
export class EdgeCertifier {
  readonly #options: EdgeCertifierOptions;
  #loaded: { readonly uri: string; readonly key: Promise<TokenKey> } | undefined;

  constructor(options: EdgeCertifierOptions) {
    this.#options = options;
  }

  /** Certificates of the authority, the signing one first, in DER; empty while there is none. */
  get authorities(): Uint8Array<ArrayBuffer>[] {
    return this.#authority?.chain.map((der) => Uint8Array.fromBase64(der)) ?? [];
  }

  /**
   * A certificate for the key of a PKCS#10 request (DER), with the edge's URI as its one name; what else the request asks for
   * counts for nothing. Returns DER, leaf first, root left out. Throws EnrolmentError, TokenError.
   */
  async certify(edge: string, certificateRequest: Uint8Array): Promise<Uint8Array<ArrayBuffer>[]> {
    const authority = this.#authority;
    if (authority === undefined) {
      const words = `there is no authority ${this.#options.authority}; an administrator has to create it`;
      throw new EnrolmentError("not-available", words);
    }
    const publicKeyInfo = await provenKey(certificateRequest);
    const { clock, certificateLifetime } = this.#options;
    const chain = authority.chain.map((der) => Uint8Array.fromBase64(der));
    const leaf = await certify(await this.#key(authority), chain[0]!, {
      ...validFor(certificateLifetime, clock.now()),
      publicKeyInfo,
      subject: [],
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
        // Critical, as there is no subject (RFC 5280, Section 4.2.1.6).
        new SubjectAlternativeNameExtension([{ type: "url", value: edge }], true),
      ],
    });
    return [leaf, ...chain.slice(0, -1)];
  }

  get #authority(): AuthorityEntity | undefined {
    const { registry, authority } = this.#options;
    const entity = registry.state.get("authority", authority);
    return entity?.purpose === "edges" ? entity : undefined;
  }

  #key({ keyUri: uri }: AuthorityEntity): Promise<TokenKey> {
    if (this.#loaded?.uri !== uri) {
      const key = this.#options.tokenKeys.load(uri);
      this.#loaded = { uri, key };
      // A token that is away now is asked again the next time.
      key.catch(() => this.#loaded = undefined);
    }
    return this.#loaded.key;
  }
}

/** The request's public key (DER), whose private half has signed the request. Throws EnrolmentError. */
async function provenKey(certificateRequest: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const request = new Pkcs10CertificateRequest(new Uint8Array(certificateRequest));
    const { name, namedCurve } = request.publicKey.algorithm as Algorithm & { namedCurve?: string };
    if (edgeKeyAlgorithms.has(namedCurve ?? name) && await request.verify()) {
      return new Uint8Array(request.publicKey.rawData);
    }
  } catch {
    throw new EnrolmentError("invalid-request", "its certificate request cannot be read");
  }
  throw new EnrolmentError(
    "invalid-request",
    "its request is not signed by its own P-256, P-384 or Ed25519 key",
  );
}
