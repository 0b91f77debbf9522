import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { HoldfastError } from "../../shared/errors.ts";
import { parseCertificate, type ParsedCertificate } from "../../shared/libcrypto/x509.ts";
import { readSecret } from "../../shared/config/secret_source.ts";

/** Where the edge's own mutual TLS identity is read from: absolute paths, or a secret source for the key. */
export interface IdentityFiles {
  readonly certificate: string;
  /** A file's absolute path, `file:PATH`, `env:NAME` or `credential:NAME`. */
  readonly privateKey: string;
}

/**
 * The edge's identity towards key servers, as `node:tls` takes it.
 *
 * Its private key is the one key that an edge holds, and it lies in ordinary memory (DESIGN.md): it speaks
 * for this edge until it expires or is revoked, and signs for no site.
 */
export interface EdgeIdentity {
  /** PEM, leaf first. */
  readonly certificate: string;
  /** PEM. */
  readonly privateKey: string;
  /** When the leaf or an intermediate ends, whichever is first: milliseconds since the epoch. */
  readonly notAfter: number;
}

/** An identity that cannot be used. Code `identity-unusable`. */
export class IdentityError extends HoldfastError {
  /** The message without its beginning, for errors that have one of their own. */
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super("identity-unusable", `Cannot use the edge's identity: ${reason}`, options);
    this.reason = reason;
  }
}

/** Reads the identity anew, so that a renewed certificate is taken up; throws {@link IdentityError}. */
export async function loadIdentity(files: IdentityFiles): Promise<EdgeIdentity> {
  const chain = splitChain(files.certificate, await readCertificate(files.certificate));
  const privateKey = await readPrivateKey(files.privateKey);
  // Written one after the other by whoever renews them, the two files may for a moment not belong together.
  if (!chain[0]!.checkPrivateKey(parsePrivateKey(files.privateKey, privateKey))) {
    throw new IdentityError(`${files.privateKey} is not the key of ${files.certificate}`);
  }
  // Of a file that has the key too, as enrolment writes it, the certificates alone.
  const certificate = chain.map((part) => part.toString()).join("");
  return { certificate, privateKey, notAfter: Math.min(...chain.map((part) => Date.parse(part.validTo))) };
}

/**
 * The certificate alone, checked: it names the edge by one URI (PROTOCOL.md, "Transport"; key servers know edges by
 * nothing else). Returns its key's identifier, as in a parsed certificate.
 */
export async function checkIdentityCertificate(file: string): Promise<Uint8Array> {
  const [leaf] = splitChain(file, await readCertificate(file));
  const { uris, subjectKeyIdentifier } = parseLeaf(file, leaf!);
  if (uris.length !== 1) {
    throw new IdentityError(`${file} has ${uris.length} URIs among its subject alternative names, not one`);
  }
  return subjectKeyIdentifier;
}

function parseLeaf(file: string, leaf: X509Certificate): ParsedCertificate {
  try {
    return parseCertificate(leaf.raw);
  } catch (error) {
    throw new IdentityError(`${file} has a key or names that cannot be used`, { cause: error });
  }
}

async function readCertificate(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read";
    throw new IdentityError(`${file}: ${reason}`, { cause: error });
  }
}

/** RFC 7468, Section 5. */
const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const pemPrivateKey = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[^-]+-----END (?:[A-Z]+ )?PRIVATE KEY-----/;

function splitChain(file: string, pem: string): X509Certificate[] {
  try {
    const chain = (pem.match(pemCertificate) ?? []).map((part) => new X509Certificate(part));
    if (chain.length > 0) return chain;
  } catch (error) {
    throw new IdentityError(`${file} holds a certificate that cannot be parsed`, { cause: error });
  }
  throw new IdentityError(`${file} holds no PEM certificate`);
}

async function readPrivateKey(source: string): Promise<string> {
  const isSource = /^(?:file|env|credential):/.test(source);
  try {
    const bytes = await readSecret(isSource ? source : `file:${source}`, "/");
    const pem = new TextDecoder().decode(bytes);
    bytes.fill(0);
    // The file may have the certificates, too; Deno's parser takes no more than the key.
    return pemPrivateKey.exec(pem)?.[0] ?? pem;
  } catch (error) {
    if (error instanceof HoldfastError) throw new IdentityError(error.message, { cause: error });
    throw error;
  }
}

function parsePrivateKey(source: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The parser's own message is not passed on: it has seen the key.
    throw new IdentityError(`${source} is not an unencrypted private key in PEM`);
  }
}

/** A CA file for `node:tls`: one PEM certificate or more, and no key. Throws {@link IdentityError}. */
export async function loadAuthorities(file: string): Promise<string> {
  const pem = await readCertificate(file);
  if (pem.includes("PRIVATE KEY-----")) {
    throw new IdentityError(`${file} contains a PRIVATE KEY; an edge needs the CA's certificate only`);
  }
  splitChain(file, pem);
  return pem;
}
