import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import * as x509 from "../../shared/pki/x509.ts";

const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day = 86_400_000;

export type ClientKeyType = "ecdsa-p256" | "ecdsa-p384" | "rsa" | "ed25519";

/** A client's certificate and its key. */
export interface ClientIdentity {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array<ArrayBuffer>[];
  readonly certificatePem: string;
  readonly privateKey: KeyObject;
  readonly privateKeyPem: string;
  readonly keyType: ClientKeyType;
  readonly serialNumber: string;
}

/** What a client's certificate says; by default an ECDSA key for client authentication that is valid now. */
export interface ClientContents {
  readonly commonName?: string;
  readonly keyType?: ClientKeyType;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly usage?: "clientAuth" | "serverAuth";
  readonly keyUsages?: number;
  /** Appended to the chain, for chains of any length. */
  readonly extraChain?: readonly Uint8Array<ArrayBuffer>[];
}

/** An authority for clients, for tests: it issues any certificate and revokes it. */
export class ClientPki {
  readonly #keys: CryptoKeyPair;
  readonly #name: string;

  private constructor(
    name: string,
    keys: CryptoKeyPair,
    readonly authorityDer: Uint8Array<ArrayBuffer>,
  ) {
    this.#name = name;
    this.#keys = keys;
  }

  static async create(commonName = "Client Test CA"): Promise<ClientPki> {
    const keys = await crypto.subtle.generateKey(ecdsa, true, ["sign", "verify"]);
    const name = `CN=${commonName}`;
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity({}),
      serialNumber: serialNumber(),
      issuer: name,
      subject: name,
      publicKey: keys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ecdsa,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ],
    });
    return new ClientPki(name, keys, new Uint8Array(certificate.rawData));
  }

  get authorityPem(): string {
    return pem("CERTIFICATE", this.authorityDer);
  }

  async issue(contents: ClientContents = {}): Promise<ClientIdentity> {
    const { commonName = "client.test", keyType = "ecdsa-p256", usage = "clientAuth" } = contents;
    const { keyUsages = x509.KeyUsageFlags.digitalSignature, extraChain = [] } = contents;
    const { publicKey, privateKey } = generate(keyType);
    const serial = serialNumber();
    const certificate = await x509.X509CertificateGenerator.create({
      ...validity(contents),
      serialNumber: serial,
      issuer: this.#name,
      subject: `CN=${commonName}`,
      publicKey: new x509.PublicKey(new Uint8Array(publicKey.export({ type: "spki", format: "der" }))),
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ecdsa,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(keyUsages, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[usage]]),
      ],
    });
    const chain = [new Uint8Array(certificate.rawData), ...extraChain];
    const privateKeyPem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    return {
      chain,
      certificatePem: chain.map((der) => pem("CERTIFICATE", der)).join(""),
      // Deno signs with imported keys only.
      privateKey: createPrivateKey(privateKeyPem),
      privateKeyPem,
      keyType,
      serialNumber: serial,
    };
  }

  /** A current list of this authority, in DER. */
  async revocationList(...revoked: readonly ClientIdentity[]): Promise<Uint8Array<ArrayBuffer>> {
    const list = await x509.X509CrlGenerator.create({
      issuer: this.#name,
      thisUpdate: new Date(Date.now() - day),
      nextUpdate: new Date(Date.now() + day),
      signingAlgorithm: ecdsa,
      signingKey: this.#keys.privateKey,
      entries: revoked.map(({ serialNumber }) => ({
        serialNumber,
        revocationDate: new Date(Date.now() - day),
      })),
    });
    return new Uint8Array(list.rawData);
  }

  async revocationListPem(...revoked: readonly ClientIdentity[]): Promise<string> {
    return pem("X509 CRL", await this.revocationList(...revoked));
  }
}

function validity({ notBefore, notAfter }: ClientContents): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: notBefore ?? new Date(Date.now() - day),
    notAfter: notAfter ?? new Date(Date.now() + 7 * day),
  };
}

function pem(label: string, der: Uint8Array<ArrayBuffer>): string {
  return x509.PemConverter.encode(der.buffer, label) + "\n";
}

function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = bytes[0]! & 0x3f | 0x40;
  return bytes.toHex();
}

function generate(type: ClientKeyType): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (type) {
    case "ecdsa-p256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" });
    case "ecdsa-p384":
      return generateKeyPairSync("ec", { namedCurve: "P-384" });
    case "rsa":
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
    case "ed25519":
      return generateKeyPairSync("ed25519");
  }
}
