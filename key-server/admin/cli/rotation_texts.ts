import type { RotationView } from "../schemas/rotations.ts";
import { accent, fields } from "./terminal.ts";
import { list, moment } from "./texts.ts";

/** What a rotation does at a step, in the order of the steps. */
export const stepTexts: Readonly<Record<RotationView["step"], string>> = {
  "generate-key": "generating the new key in its token",
  "request-certificate": "asking for its certificate",
  "await-certificate": "waiting for its certificate",
  "stage": "sending the new certificate to the edges",
  "await-staged": "waiting until every edge has the new certificate",
  "switch": "telling the edges to serve it",
  "await-switched": "waiting until every edge serves it",
  "drain": "letting handshakes end that began with the old key",
  "retire-key": "retiring the old key",
  "destroy-key": "destroying the old key in its token",
  "done": "done",
  "aborted": "aborted",
  "rolled-back": "rolled back",
};

const issuers: Readonly<Record<RotationView["issuer"], string>> = {
  acme: "ACME",
  csr: "an external CA",
  development: "the development CA",
};

export function describeRotation(rotation: RotationView): string {
  const { drainUntil, newKey, replaces, problem } = rotation;
  return fields([
    ["rotation", rotation.id],
    ["name", rotation.name],
    ["step", describeStep(rotation)],
    ...problem === undefined ? [] : [["problem", accent("red", problem)] as const],
    ["new key", `${newKey ?? "not made yet"} (${rotation.algorithm})`],
    ["certificate", `from ${issuers[rotation.issuer]}`],
    ["replaces", list(replaces.map(({ key }) => key), "nothing")],
    ["old keys", describeEnd(rotation)],
    ...drainUntil === undefined ? [] : [["draining until", moment(drainUntil)] as const],
    ["begun", `${moment(rotation.startedAt)} by ${rotation.startedBy}`],
    ...rotation.behind.map((edge) => ["behind", describeEdge(edge)] as const),
  ]);
}

export function describeStep({ step, stepSince, ended }: RotationView): string {
  const text = ended ? accent(step === "done" ? "green" : "yellow", stepTexts[step]) : stepTexts[step];
  return `${text}, since ${moment(stepSince)}`;
}

/** An edge that a rotation waits for. */
export function describeEdge({ edge, acknowledgedVersion, problem }: RotationView["behind"][number]): string {
  return problem === null
    ? `${edge} serves by version ${acknowledgedVersion}`
    : `${edge} cannot use it: ${problem}`;
}

function describeEnd({ destroys, drainTime }: RotationView): string {
  const after = `${drainTime / 1000} s after the switch`;
  if (destroys === "none") return `retired ${after}, and kept in their token`;
  const which = destroys === "all" ? "" : ", where they were generated here";
  return `retired ${after}, and destroyed in their token${which}`;
}
