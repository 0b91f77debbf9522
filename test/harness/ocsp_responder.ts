import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import type { Authority } from "../../certs/authority.ts";
import { writePublic } from "../../certs/write.ts";
import { pemToDer } from "../../shared/libcrypto/x509.ts";
import { mustRun } from "./command.ts";

export interface OcspAnswerOptions {
  /** What the authority's index says; "unknown": nothing. "good" unless told. */
  readonly status?: "good" | "revoked" | "unknown";
  /** Days until nextUpdate; 7 unless told, and none at all with null. */
  readonly days?: number | null;
  /** The digest of the CertID; SHA-1 unless told, as responders have it. */
  readonly digest?: "sha1" | "sha256" | "sha384" | "sha512";
}

/** `openssl ocsp` in an authority's name: its certificate is the authority's delegate (RFC 6960, Section 4.2.2.2). */
export class OcspResponder {
  private constructor(readonly folder: string) {}

  /** Writes its files into a folder, which stays the caller's. */
  static async create(folder: string, authority: Authority): Promise<OcspResponder> {
    const key = join(folder, "responder.key");
    await mustRun("openssl", [
      ...["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key],
    ]);
    const publicKey = await mustRun("openssl", ["pkey", "-in", key, "-pubout"]);
    const publicKeyInfo = Uint8Array.fromBase64(publicKey.stdout.replace(/-----[^-]+-----|\s/g, ""));
    const certificate = await authority.certify(publicKeyInfo, {
      commonName: "Holdfast Development OCSP responder",
      usages: ["ocspSigning"],
    });
    await writePublic(join(folder, "responder.pem"), certificate);
    await writePublic(join(folder, "responder-ca.pem"), authority.certificatePem);
    return new OcspResponder(folder);
  }

  /** A DER OCSPResponse about the first certificate of a chain in PEM. */
  async answer(chainPem: string, options: OcspAnswerOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const { status = "good", days = 7, digest = "sha1" } = options;
    const file = (name: string) => join(this.folder, name);
    const serial = new X509Certificate(pemToDer(chainPem)[0]!).serialNumber;
    const fields = status === "revoked"
      ? ["R", "491231235959Z", "250101000000Z"]
      : ["V", "491231235959Z", ""];
    const line = [...fields, serial, "unknown", "/CN=a site"].join("\t") + "\n";
    await Deno.writeTextFile(file("index.txt"), status === "unknown" ? "" : line);
    await mustRun("openssl", [
      ...["ocsp", "-index", file("index.txt"), "-CA", file("responder-ca.pem")],
      ...["-rsigner", file("responder.pem"), "-rkey", file("responder.key")],
      ...["-no_nonce", "-issuer", file("responder-ca.pem"), `-${digest}`, "-serial", `0x${serial}`],
      ...["-noverify", "-respout", file("answer.der")],
      ...(days === null ? [] : ["-ndays", `${days}`]),
    ]);
    return await Deno.readFile(file("answer.der"));
  }
}
