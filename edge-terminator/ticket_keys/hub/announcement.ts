import { createPrivateKey, type KeyObject } from "node:crypto";
import { ByteWriter } from "../../../shared/codec/byte_writer.ts";
import type { Announcement, TicketMember } from "../../../shared/control_protocol/ticket_messages.ts";
import { CertificateError } from "../../../shared/libcrypto/errors.ts";
import { verifySignature } from "../../../shared/libcrypto/verify.ts";
import { parseCertificate, pemToDer } from "../../../shared/libcrypto/x509.ts";
import { ChainVerifier } from "../../../shared/libcrypto/x509_verify.ts";
import { type ServerKeyType, signatureSchemes } from "../../../shared/signature_schemes.ts";
import { signMessage } from "../../../shared/software_signature.ts";
import { type EdgeIdentity, IdentityError } from "../../keyless/identity.ts";
import { TicketMemberError } from "../errors.ts";

/** By what an edge signs. */
export interface MemberIdentity {
  /** The one URI of its certificate. */
  readonly edge: string;
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly key: KeyObject;
  /** IANA's number. */
  readonly scheme: number;
}

/** The edge's mutual TLS identity as a member's. Throws {@link IdentityError}. */
export function memberIdentity({ certificate, privateKey }: EdgeIdentity): MemberIdentity {
  const chain = pemToDer(certificate);
  const { uris, keyType } = parseCertificate(chain[0] ?? new Uint8Array(0));
  const scheme = signatureSchemes[keyType as ServerKeyType]?.[0];
  if (uris.length !== 1) throw new IdentityError("its certificate names the edge by other than one URI");
  if (scheme === undefined) throw new IdentityError(`it has a key of type ${keyType}`);
  return { edge: uris[0]!, chain, key: createPrivateKey(privateKey), scheme };
}

/** Says that `publicKey` (X25519) is the edge's from now on; `madeAt`: milliseconds since the epoch. */
export function announce(
  { edge, chain, key, scheme }: MemberIdentity,
  instance: string,
  publicKey: Uint8Array,
  madeAt: number,
): Announcement {
  const content = signedContent({ edge, instance, publicKey, madeAt });
  return {
    publicKey: publicKey.toBase64(),
    madeAt,
    signatureScheme: scheme,
    signature: signMessage(key, scheme, content).toBase64(),
    chain: chain.map((der) => der.toBase64()),
  };
}

/** Tells members from what somebody made up. Whoever the edge CA gave a certificate can be one. Dispose it. */
export class AnnouncementVerifier implements Disposable {
  readonly #chains: ChainVerifier;

  /** `authorities`: DER of the edge CA's certificates, as this edge was given them. Throws CertificateError. */
  constructor(authorities: readonly Uint8Array[]) {
    this.#chains = new ChainVerifier({ authorities, purpose: "client" });
  }

  /** Throws {@link TicketMemberError} for an announcement that is not that edge's own. */
  verify({ instance, edge, announcement }: TicketMember, at: Date = new Date()): void {
    const refuse = (reason: string) => new TicketMemberError(edge, reason);
    const chain = announcement.chain.map((der) => Uint8Array.fromBase64(der));
    const verdict = this.#chains.verify(chain, at);
    if (!verdict.valid) throw refuse(`its certificate is ${verdict.failure}`);
    const { uris, subjectPublicKeyInfo } = leafOf(chain, refuse);
    if (uris.length !== 1 || uris[0] !== edge) throw refuse("its certificate is another edge's");
    const content = signedContent({
      edge,
      instance,
      publicKey: Uint8Array.fromBase64(announcement.publicKey),
      madeAt: announcement.madeAt,
    });
    const signature = Uint8Array.fromBase64(announcement.signature);
    if (!verifySignature(subjectPublicKeyInfo, announcement.signatureScheme, content, signature)) {
      throw refuse("its signature does not fit");
    }
  }

  [Symbol.dispose](): void {
    this.#chains[Symbol.dispose]();
  }
}

function leafOf(chain: readonly Uint8Array[], refuse: (reason: string) => Error) {
  try {
    return parseCertificate(chain[0]!);
  } catch (error) {
    if (error instanceof CertificateError) throw refuse("its certificate cannot be read");
    throw error;
  }
}

interface SignedFacts {
  readonly edge: string;
  /** Hexadecimal. */
  readonly instance: string;
  readonly publicKey: Uint8Array;
  readonly madeAt: number;
}

const label = new TextEncoder().encode("holdfast ticket member 1");

/** PROTOCOL.md, "Announcement". */
function signedContent({ edge, instance, publicKey, madeAt }: SignedFacts): Uint8Array {
  const writer = new ByteWriter();
  writer.vector8(label);
  writer.vector16(new TextEncoder().encode(edge));
  writer.bytes(Uint8Array.fromHex(instance));
  writer.bytes(publicKey);
  writer.u64(BigInt(madeAt));
  return writer.finish();
}
