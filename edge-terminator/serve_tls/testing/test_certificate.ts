/** For tests: a certificate for names of the tests' own, with its key in this process. */
import { generateKeyPairSync } from "node:crypto";
import { DevelopmentPki } from "../../../certs/dev_pki.ts";
import { localSigner } from "../local_signer.ts";
import type { TlsCertificate } from "../options.ts";

export const siteName = "www.holdfast.test";

/** Made once for all tests of a process. */
export const pki = await DevelopmentPki.create();

export interface TestCertificate extends TlsCertificate {
  readonly privateKeyPem: string;
}

export async function testCertificate(
  type: "ec" | "rsa" = "ec",
  names: readonly [string, ...string[]] = [siteName],
): Promise<TestCertificate> {
  const { publicKey, privateKey } = type === "ec"
    ? generateKeyPairSync("ec", { namedCurve: "P-256" })
    : generateKeyPairSync("rsa", { modulusLength: 2048 });
  const publicKeyInfo = new Uint8Array(publicKey.export({ type: "spki", format: "der" }));
  return {
    chain: await pki.siteCertificate(publicKeyInfo, names),
    signer: localSigner(privateKey),
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}
