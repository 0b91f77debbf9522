import { CertificateError } from "./errors.ts";

/** Reads a file of at most `most` bytes. Throws {@link CertificateError}. */
export async function readCertificateFile(file: string, most: number): Promise<Uint8Array> {
  let size: number;
  try {
    size = (await Deno.stat(file)).size;
    if (size <= most) return await Deno.readFile(file);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : "this process cannot read it";
    throw new CertificateError("certificate-unreadable", file, reason, { cause: error });
  }
  throw new CertificateError("certificate-unreadable", file, `it has ${size} bytes, over ${most}`);
}

/**
 * The text of a PEM file that holds public things only. One with a private key in it is refused, and its bytes are
 * overwritten before anything else is done with them: an edge never holds a certificate's key.
 *
 * Throws {@link CertificateError}.
 *
 * @param most bytes
 * @param advice what an operator who left a private key in the file is told
 */
export async function readPublicPem(file: string, most: number, advice: string): Promise<string> {
  const bytes = await readCertificateFile(file, most);
  if (containsPrivateKey(bytes)) {
    bytes.fill(0);
    throw new CertificateError("private-key-on-edge", file, `it contains a PRIVATE KEY; ${advice}`);
  }
  return new TextDecoder().decode(bytes);
}

const privateKeyLabel = new TextEncoder().encode("PRIVATE KEY-----");

/** Looks for the label of any PEM private key (RFC 7468, Section 10) without making a string of the bytes. */
export function containsPrivateKey(bytes: Uint8Array): boolean {
  for (
    let at = bytes.indexOf(privateKeyLabel[0]!);
    at >= 0;
    at = bytes.indexOf(privateKeyLabel[0]!, at + 1)
  ) {
    if (privateKeyLabel.every((byte, index) => bytes[at + index] === byte)) return true;
  }
  return false;
}
