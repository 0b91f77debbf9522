import { issueDevelopmentCertificate } from "../../issuance/development_authority.ts";
import type { RotationEntity } from "../../registry/entities/rotation.ts";
import { decrypts } from "../../issuance/purposes.ts";
import { certifiedNames, newKeyOf, RotationStateError } from "../arriving_and_leaving.ts";
import type { RotationParts, StepOutcome } from "../step.ts";
import { certified } from "./certified.ts";

/** Asks the issuer; the development CA answers at once. */
export async function requestCertificate(
  rotation: RotationEntity,
  parts: RotationParts,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const { state } = parts.registry;
  const serverNames = certifiedNames(state, rotation);
  const key = newKeyOf(state, rotation);
  switch (rotation.issuer) {
    case "csr":
      return { type: "advance", to: "await-certificate" };
    case "development": {
      const request = {
        key,
        serverNames,
        decrypts: decrypts(key),
        lifetime: parts.config.developmentLifetime,
      };
      return certified(rotation, await issueDevelopmentCertificate(request, parts));
    }
    case "acme": {
      if (parts.acme === undefined) throw new RotationStateError("no [acme] is configured");
      const orderUrl = await parts.acme.order(serverNames, replacedCertificate(rotation, parts), signal);
      return { type: "advance", to: "await-certificate", fields: () => ({ orderUrl }) };
    }
  }
}

/** The leaf that the new certificate stands in for (RFC 9773, Section 5); undefined where it replaces none, or several. */
function replacedCertificate(
  { replaces }: RotationEntity,
  { registry }: RotationParts,
): Uint8Array | undefined {
  const [only, ...others] = replaces;
  if (only === undefined || others.length > 0) return undefined;
  const certificate = registry.state.get("certificate", only.certificate);
  return certificate?.source === "acme" ? Uint8Array.fromBase64(certificate.chain[0]!) : undefined;
}
