import type { RotationView } from "../schemas/rotations.ts";
import { type ApiClient, pathOf, UnreachableError } from "../client/api_client.ts";
import { CliError } from "./errors.ts";
import { describeEdge, stepTexts } from "./rotation_texts.ts";
import { accent, complain, print } from "./terminal.ts";

/** Milliseconds between tries while no key server answers: a rotation goes on when it is back. */
const retryTime = 1000;
const mostRetries = 300;

/**
 * Prints each step until the rotation's end: a line for people, the whole rotation in a line of JSON for programs. Throws
 * CliError when it ends otherwise than it was meant to.
 */
export async function watchRotation(client: ApiClient, rotation: RotationView, json: boolean): Promise<void> {
  let shown = "";
  for (let current = rotation;; current = await next(client, current)) {
    const line = json ? JSON.stringify(current) : describe(current);
    if (line !== shown) print(line);
    shown = line;
    if (current.ended) return checkEnd(rotation, current);
    if (current.step === "await-certificate" && current.issuer === "csr") {
      if (!json) {
        print(`Next: holdfast certs csr ${current.name}, then certs install ${current.name} CHAIN.pem`);
      }
      return;
    }
  }
}

/** Whoever watches a rotation that is being aborted wants to see it aborted. */
function checkEnd(first: RotationView, { step, id, name }: RotationView): void {
  if (step === "done" || step === first.ending) return;
  throw new CliError(
    "rotation-ended",
    `Cannot call ${name} rotated: rotation ${id} was ${stepTexts[step]}`,
    "failed",
  );
}

async function next(client: ApiClient, { id, revision }: RotationView): Promise<RotationView> {
  for (let tries = 1;; tries++) {
    try {
      return await client.get<RotationView>(`${pathOf`/v1/rotations/${id}`}?unless=${revision}`);
    } catch (error) {
      if (!(error instanceof UnreachableError) || tries >= mostRetries) throw error;
      if (tries === 1) complain(`${error.message}; trying again`);
      await new Promise((resolve) => setTimeout(resolve, retryTime));
    }
  }
}

function describe({ step, stepSince, ended, behind, problem }: RotationView): string {
  const mark = ended ? accent(step === "done" ? "green" : "yellow", stepTexts[step]) : stepTexts[step];
  const rest = behind.map((edge) => `\n          ${accent("yellow", "behind")}  ${describeEdge(edge)}`).join(
    "",
  );
  const trouble = problem === undefined || ended ? "" : `\n          ${accent("red", "problem")} ${problem}`;
  return `${accent("dim", stepSince.slice(11, 19))}  ${mark}${rest}${trouble}`;
}
