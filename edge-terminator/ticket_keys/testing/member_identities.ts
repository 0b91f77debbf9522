import { Authority } from "../../../certs/authority.ts";
import { generateKeyPair, privateKeyPem } from "../../../certs/key_pair.ts";
import { X509Certificate } from "node:crypto";
import { type MemberIdentity, memberIdentity } from "../hub/announcement.ts";

/** An edge CA, and identities by it. */
export class MemberAuthority {
  readonly #authority: Authority;

  private constructor(authority: Authority) {
    this.#authority = authority;
  }

  static async create(): Promise<MemberAuthority> {
    return new MemberAuthority(await Authority.createRoot("Edge CA of a test"));
  }

  /** DER. */
  get certificate(): Uint8Array {
    return new Uint8Array(new X509Certificate(this.#authority.certificatePem).raw);
  }

  async identity(...uris: string[]): Promise<MemberIdentity> {
    const keys = await generateKeyPair();
    const certificate = await this.#authority.certify(keys.publicKeyInfo, {
      commonName: "edge",
      uris,
      usages: ["clientAuth"],
    });
    return memberIdentity({
      certificate,
      privateKey: await privateKeyPem(keys),
      notAfter: Date.parse(new X509Certificate(certificate).validTo),
    });
  }
}

/** Made once: a signature is its, whatever else a test does. */
export const memberAuthority = await MemberAuthority.create();
export const memberIdentities = await Promise.all(
  Array.from({ length: 12 }, (_, index) => memberAuthority.identity(`https://edge-${index}.holdfast.test/`)),
);
