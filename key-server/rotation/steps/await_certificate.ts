import { checkChain } from "../../issuance/check_chain.ts";
import { OrderGoneError } from "../../issuance/acme/errors.ts";
import type { RotationEntity } from "../../registry/entities/rotation.ts";
import { answerChallenges } from "../answer_challenges.ts";
import { decrypts } from "../../issuance/purposes.ts";
import { certifiedNames, newKeyOf, RotationStateError } from "../arriving_and_leaving.ts";
import type { RotationParts, StepOutcome } from "../step.ts";
import { certified } from "./certified.ts";

/** An external CA's certificate is brought by `installCertificate`; an ACME CA is led to its own. */
export async function awaitCertificate(
  rotation: RotationEntity,
  parts: RotationParts,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const { issuer, orderUrl } = rotation;
  if (issuer !== "acme") return { type: "wait" };
  if (parts.acme === undefined) throw new RotationStateError("no [acme] is configured");
  if (orderUrl === undefined) return { type: "advance", to: "request-certificate" };
  const { state } = parts.registry;
  const key = newKeyOf(state, rotation);
  const serverNames = certifiedNames(state, rotation);
  try {
    const pem = await parts.acme.complete({
      orderUrl,
      key: await parts.tokenKeys.load(key.uri),
      serverNames,
      decrypts: decrypts(key),
      answer: (challenges) => answerChallenges(rotation, key, challenges, parts, signal),
      signal,
    });
    return certified(
      rotation,
      checkChain(pem, {
        subjectKeyIdentifier: key.subjectKeyIdentifier,
        serverNames,
        decrypts: decrypts(key),
        at: parts.clock.now(),
        source: "acme",
      }),
    );
  } catch (error) {
    if (!(error instanceof OrderGoneError)) throw error;
    return { type: "advance", to: "request-certificate", fields: () => ({ problem: error.message }) };
  }
}
