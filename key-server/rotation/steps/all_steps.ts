import type { RotationStep } from "../../registry/entities/rotation.ts";
import type { Step } from "../step.ts";
import { awaitCertificate } from "./await_certificate.ts";
import { awaitStaged } from "./await_staged.ts";
import { awaitSwitched } from "./await_switched.ts";
import { destroyKey } from "./destroy_key.ts";
import { drain } from "./drain.ts";
import { generateKey } from "./generate_key.ts";
import { requestCertificate } from "./request_certificate.ts";
import { retireKey } from "./retire_key.ts";
import { stage } from "./stage.ts";
import { switchCertificates } from "./switch_certificates.ts";

/** What is done at each; undefined: it is over. In their order. */
export const steps: Readonly<Record<RotationStep, Step | undefined>> = {
  "generate-key": generateKey,
  "request-certificate": requestCertificate,
  "await-certificate": awaitCertificate,
  "stage": stage,
  "await-staged": awaitStaged,
  "switch": switchCertificates,
  "await-switched": awaitSwitched,
  "drain": drain,
  "retire-key": retireKey,
  "destroy-key": destroyKey,
  "done": undefined,
  "aborted": undefined,
  "rolled-back": undefined,
};
