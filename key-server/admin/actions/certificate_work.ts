/** What is done about a name's certificates: requests, installation, checks. */
import { derToPem, pemToDer } from "../../../shared/libcrypto/x509.ts";
import { HoldfastError } from "../../../shared/errors.ts";
import { CertificateError } from "../../../shared/libcrypto/errors.ts";
import { certificateEntity } from "../../registry/certificate_entity.ts";
import type { CertificateEntity } from "../../registry/entities/certificate.ts";
import type { RotationEntity } from "../../registry/entities/rotation.ts";
import type { RegistryState } from "../../registry/registry.ts";
import { AdminError, notFound } from "../errors.ts";
import type { CertificateCheck, CertificateView, RequestCertificate } from "../schemas/certificates.ts";
import type { AdminServices } from "../services.ts";
import { getCertificate } from "./certificates.ts";
import { hasEnded } from "./names.ts";

/** A PKCS#10 request: of a rotation that waits for an external CA, or for any key. */
export async function requestCertificate(
  { registry: { state }, rotations, keyManagement }: AdminServices,
  request: RequestCertificate,
): Promise<string> {
  if ("name" in request) {
    const rotation = waitingRotation(state, request.name);
    if (rotation === undefined) {
      throw new AdminError(
        "conflict",
        `Cannot make a request for ${request.name}: no rotation of it waits for a certificate; ` +
          "begin one with the issuer csr, or name a key",
      );
    }
    return await rotations.certificateRequest(rotation.id);
  }
  if (state.get("key", request.key) === undefined) throw notFound("make a request", "key", request.key);
  const serverNames = request.serverNames ?? serverNamesOf(state, request.key);
  if (serverNames.length === 0) {
    throw new AdminError(
      "invalid-request",
      `Cannot make a request: no name with the key ${request.key} says its host names; give some`,
    );
  }
  return await keyManagement.certificateRequest(request.key, serverNames);
}

/** Gives the chain to the rotation that waits for it, else to the key of the name that it is for. */
export async function installCertificate(
  services: AdminServices,
  name: string,
  chain: string,
  author: string,
): Promise<CertificateView> {
  const { registry, rotations, keyManagement } = services;
  if (registry.state.get("name", name) === undefined) throw notFound("install a certificate", "name", name);
  const leaf = leafOf(chain);
  const rotation = waitingRotation(registry.state, name);
  const newKey = rotation?.newKey === undefined ? undefined : registry.state.get("key", rotation.newKey);
  if (rotation !== undefined && newKey?.subjectKeyIdentifier === leaf.subjectKeyIdentifier) {
    await rotations.installCertificate(rotation.id, chain, author);
  } else {
    keyManagement.installCertificate(name, chain, author);
  }
  return getCertificate(services, leaf.id);
}

/** A chain held against a name, or everything that the name has. */
export function checkCertificates(services: AdminServices, name: string, chain?: string): CertificateCheck {
  const { state } = services.registry;
  const entity = state.get("name", name);
  if (entity === undefined) throw notFound("check certificates", "name", name);
  const checks = chain !== undefined
    ? [checkChain(services, name, chain)]
    : entity.bindings.map(({ key, certificate, phase }) => {
      const found = certificate === undefined ? undefined : state.get("certificate", certificate);
      if (found === undefined) {
        const text = `${key}: edges have its certificate from a file of their own, which is not looked at`;
        return { certificate: null, passed: true, text };
      }
      const { text, ...check } = checkChain(services, name, chainText(found));
      return { ...check, text: `${key} (${phase}): ${text}` };
    });
  if (checks.length === 0) {
    return { passed: false, checks: [{ certificate: null, passed: false, text: `${name} has no key` }] };
  }
  return { passed: checks.every(({ passed }) => passed), checks };
}

type Check = CertificateCheck["checks"][number];

function checkChain({ keyManagement }: AdminServices, name: string, chain: string): Check {
  try {
    const { id, notAfter, serverNames } = keyManagement.checkCertificate(name, chain);
    const text = `key, chain and host names fit (${serverNames.join(", ")}); valid until ${notAfter}`;
    return { certificate: id, passed: true, text };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return { certificate: null, passed: false, text: error.message };
  }
}

function waitingRotation(state: RegistryState, name: string): RotationEntity | undefined {
  return state.list("rotation").find((each) =>
    each.name === name && !hasEnded(each) && each.issuer === "csr" && each.step === "await-certificate"
  );
}

function serverNamesOf(state: RegistryState, key: string): string[] {
  const names = state.list("name").filter(({ bindings }) => bindings.some((binding) => binding.key === key));
  return [...new Set(names.flatMap(({ serverNames }) => serverNames ?? []))].filter((name) => name !== "");
}

function leafOf(chain: string): Pick<CertificateEntity, "id" | "subjectKeyIdentifier"> {
  try {
    const [der] = pemToDer(chain);
    if (der === undefined) throw new CertificateError("there is no PEM block CERTIFICATE in it");
    return certificateEntity([der], "external");
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    throw new AdminError("invalid-request", `Cannot install a certificate: ${error.message}`, {
      cause: error,
    });
  }
}

export function chainText({ chain }: Pick<CertificateEntity, "chain">): string {
  return chain.map((der) => derToPem(Uint8Array.fromBase64(der))).join("");
}
