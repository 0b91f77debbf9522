import type { ClientCertificatePolicy } from "../../../../edge-terminator/tls/client_certificates/policy.ts";
import { SignatureScheme } from "../../../../shared/tls_constants.ts";
import type { ClientIdentity } from "../../../harness/client_pki.ts";
import {
  certificateMessage,
  certificateTls12Message,
  certificateVerifyMessage,
} from "../../../peer/client_certificate.ts";
import type { ByteSource } from "../../byte_source.ts";
import { clientIdentities } from "../client_identities.ts";
import { edited } from "./actors.ts";

const stillHolds = () => true;

/** What servers ask for. */
export const policies: readonly ClientCertificatePolicy[] = [
  { mode: "required", stillHolds },
  { mode: "optional", stillHolds },
  { mode: "required", authorities: [new Uint8Array([0x30, 0x00])] },
  {
    mode: "optional",
    signatureSchemes: [SignatureScheme.ecdsa_secp256r1_sha256, SignatureScheme.rsa_pkcs1_sha256_legacy],
  },
];

/** Schemes that fit some of the keys, in some versions. */
const schemes = [
  undefined,
  SignatureScheme.ecdsa_secp256r1_sha256,
  SignatureScheme.ecdsa_secp384r1_sha384,
  SignatureScheme.rsa_pss_rsae_sha512,
  SignatureScheme.rsa_pkcs1_sha256,
  SignatureScheme.rsa_pkcs1_sha256_legacy,
];

/** A client's certificate and key, and what the input has it do with them. */
export class Credentials {
  readonly #source: ByteSource;
  #identity: ClientIdentity | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** Whether the certificate that was sent wants a proof. */
  get proves(): boolean {
    return this.#identity !== undefined;
  }

  certificate13(): Uint8Array {
    const chain = this.#chain();
    if (this.#source.below(8) !== 7) return certificateMessage(chain);
    const extension = { type: this.#source.pick([5, 18, 0x4a4a, 10]), data: this.#source.bytes(2) };
    return certificateMessage(chain, {
      context: this.#source.bytes(this.#source.below(3)),
      extensions: [extension],
    });
  }

  certificate12(): Uint8Array {
    return certificateTls12Message(this.#chain());
  }

  /** CertificateVerify over `content`: with another key's scheme the client cannot sign, and gives up. */
  verify(content: Uint8Array): Uint8Array {
    const source = this.#source;
    const scheme = source.below(4) === 3 ? source.pick(schemes) : undefined;
    return certificateVerifyMessage(this.#identity!, content, {
      ...(scheme !== undefined && { scheme }),
      change: (signature) => edited(signature, source),
    });
  }

  /** One of the identities' chains, once in a while with others behind it, with a damaged leaf, or none. */
  #chain(): readonly Uint8Array[] {
    const source = this.#source;
    const choice = source.below(12);
    if (choice === 11) return [];
    const { chain } = this.#identity = source.pick(clientIdentities);
    if (choice === 10) return [...chain, ...clientIdentities.flatMap((other) => other.chain)];
    if (choice === 9) return [edited(chain[0]!, source), source.bytes(1 + source.byte())];
    return chain;
  }
}
