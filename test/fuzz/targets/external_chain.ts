import { Authority } from "../../../certs/authority.ts";
import { generateKeyPair } from "../../../certs/key_pair.ts";
import { checkChain } from "../../../key-server/issuance/check_chain.ts";
import { IssuanceError } from "../../../key-server/issuance/errors.ts";
import { parseCertificate, pemToDer } from "../../../shared/libcrypto/x509.ts";
import { type FuzzSubject, type FuzzTarget, promise } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";

const root = await Authority.createRoot("Fuzzed Root");
const intermediate = await root.createIntermediate("Fuzzed Issuer");
const { publicKeyInfo } = await generateKeyPair();
const serverNames = ["www.holdfast.test", "*.pop.holdfast.test"];
const [leaf, issuer] = pemToDer(
  await intermediate.certify(publicKeyInfo, {
    commonName: serverNames[0]!,
    dnsNames: serverNames,
    usages: ["serverAuth"],
  }),
) as [Uint8Array, Uint8Array];
const { serialNumber, subjectKeyIdentifier } = parseCertificate(leaf);
const roots = pemToDer(root.certificatePem);

const pem = (der: Uint8Array) =>
  `-----BEGIN CERTIFICATE-----\n${der.toBase64()}\n-----END CERTIFICATE-----\n`;

/** What an operator brings as an external CA's answer: the first byte says which certificate of the chain the rest stands for. */
class ExternalChainSubject implements FuzzSubject {
  readonly seeds: readonly Uint8Array[] = [Uint8Array.of(0, ...leaf), Uint8Array.of(1, ...issuer)];

  run(input: Uint8Array): string {
    const der = input.slice(1);
    const chain = ((input[0] ?? 0) & 1) === 0 ? [der, issuer] : [leaf, der];
    return outcomeOf(() => {
      const { id, chain: taken } = checkChain(chain.map(pem).join(""), {
        subjectKeyIdentifier: subjectKeyIdentifier.toHex(),
        serverNames,
        decrypts: false,
        at: new Date(),
        source: "external",
        roots,
      });
      const first = parseCertificate(Uint8Array.fromBase64(taken[0]!));
      promise(first.serialNumber === serialNumber, "a certificate is taken that nobody has issued");
      return id === "" ? "no name" : "taken";
    }, IssuanceError);
  }
}

export const externalChainTarget: FuzzTarget = {
  name: "external-chain",
  about: "chains that operators bring from external CAs",
  share: 2,
  open: () => new ExternalChainSubject(),
};
