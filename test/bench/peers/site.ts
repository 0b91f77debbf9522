import { createPrivateKey, type JsonWebKeyInput } from "node:crypto";
import { writeSecret } from "../../../certs/write.ts";
import { Installation } from "../../harness/installation.ts";
import { ownLoopbackAddress } from "../../harness/loopback.ts";
import { type CertificateName, certificates } from "./contender.ts";

/** The name that has a certificate of this kind. */
export function siteName(certificate: CertificateName): string {
  return `${certificate}.holdfast.test`;
}

/** Keys in a SoftHSM token and, the very same, in the files `ecdsa.key` and `rsa.key`; chains `ecdsa.pem`, `rsa.pem`. */
export async function createInstallation(folder: string): Promise<Installation> {
  const installation = await Installation.create({
    folder,
    host: ownLoopbackAddress(),
    names: certificates.map(siteName) as [string, ...string[]],
    keys: [
      { name: "ecdsa", type: "ecdsa-p256", known: true },
      { name: "rsa", type: "rsa-2048", known: true },
    ],
  });
  for (const { name, privateKey } of installation.token.keys) {
    const key = createPrivateKey({ key: privateKey as JsonWebKeyInput["key"], format: "jwk" });
    const pem = key.export({ type: "pkcs8", format: "pem" }) as string;
    await writeSecret(installation.file(`${name}.key`), pem);
    const chain = await Deno.readTextFile(installation.file(`${name}.pem`));
    await writeSecret(installation.file(`${name}.both.pem`), pem + chain);
  }
  return installation;
}
