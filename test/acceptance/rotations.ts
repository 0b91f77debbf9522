import type { RotationStep } from "../../key-server/registry/entities/rotation.ts";
import type { PacedHandshake, PacedLoad } from "../bench/load/paced_load.ts";
import { type Claim, claim, type Say } from "./claims.ts";
import { type AcceptanceStage, edgeNames, type Rotation } from "./stage.ts";
import { privateKeys } from "../harness/token/private_keys.ts";

export interface Effort {
  /** Handshakes a second at each edge. */
  readonly rate: number;
  /** That the load lasts at least. */
  readonly seconds: number;
}

/** When every edge had acknowledged a switch, and to which certificate. */
interface Switch {
  readonly at: number;
  readonly serial: string;
}

/** Failures that are told one by one; the others are only counted. */
const mostListed = 20;

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Rotates from P-256 to RSA-2048 and back while both edges are under load; with `kills`, the key server is killed in each
 * rotation and started again: as the first begins, and when the second has switched and not yet destroyed.
 */
export async function rotateUnderLoad(
  stage: AcceptanceStage,
  { rate, seconds }: Effort,
  kills: boolean,
  say: Say,
): Promise<Claim[]> {
  await using parts = new AsyncDisposableStack();
  const loads: PacedLoad[] = [];
  for (const index of edgeNames.keys()) loads.push(parts.use(await stage.loadOn(index, rate)));
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  await sleep(seconds * 100);
  const claims: Claim[] = [];
  const switches: Switch[] = [];
  for (const algorithm of ["rsa-2048", "ecdsa-p256"] as const) {
    const rotation = await stage.rotate(algorithm);
    const kill = async (step: RotationStep) => {
      const away = await killAndRestart(stage);
      say(`  at ${step}: key server away for ${away} ms, until ${elapsed().toFixed(1)} s into the load`);
    };
    if (kills && algorithm === "rsa-2048") await kill("generate-key");
    const drained = await stage.reaches(rotation, "drain");
    if (kills && algorithm === "ecdsa-p256") await kill("drain");
    switches.push(await switchOf(stage, drained));
    const { newKey } = await stage.reaches(rotation, "done");
    claims.push(await keysClaim(stage, algorithm, newKey!));
    say(`  ${algorithm}: done ${elapsed().toFixed(1)} s into the load`);
    await sleep(seconds * 100);
  }
  while (elapsed() < seconds) await sleep(200);
  const lasted = elapsed();
  const postponed = await Promise.all(loads.map((load) => load.stop()));
  for (const [index, { handshakes }] of loads.entries()) {
    claims.push(
      ...claimsOf(edgeNames[index]!, handshakes, { rate, lasted, postponed: postponed[index]! }, say),
    );
  }
  sayReasons(stage, say);
  claims.push(retiredClaim(loads.flatMap(({ handshakes }) => handshakes), switches));
  return claims;
}

/** Milliseconds from the kill until it is ready again. */
async function killAndRestart({ keyServer }: AcceptanceStage): Promise<number> {
  const killed = performance.now();
  await keyServer.kill();
  await keyServer.restart();
  await keyServer.ready();
  return Math.round(performance.now() - killed);
}

async function switchOf(stage: AcceptanceStage, { stepSince, newCertificate }: Rotation): Promise<Switch> {
  return { at: Date.parse(stepSince), serial: await stage.serialOf(newCertificate!) };
}

async function keysClaim(
  { installation }: AcceptanceStage,
  algorithm: string,
  newKey: string,
): Promise<Claim> {
  const keys = await privateKeys(installation);
  const forSites = [...keys.keys()].filter((label) => !/^(authority|audit)-/.test(label));
  const access = keys.get(newKey) ?? "not there";
  const isSafe = /sensitive.*always sensitive.*never extractable.*local/.test(access);
  return claim(
    `to ${algorithm}: the token has the new key, never extractable, and no other of the site`,
    isSafe && forSites.length === 1 && forSites[0] === newKey,
    `${forSites.join(", ")}: ${access}`,
  );
}

function claimsOf(
  edge: string,
  handshakes: readonly PacedHandshake[],
  { rate, lasted, postponed }: { rate: number; lasted: number; postponed: number },
  say: Say,
): Claim[] {
  const failures = handshakes.filter(({ failure }) => failure !== undefined);
  for (const { begun, ended, failure } of failures.slice(0, mostListed)) {
    say(
      `  FAILED at ${edge}: begun ${new Date(begun).toISOString()}, ${
        Math.round(ended - begun)
      } ms: ${failure}`,
    );
  }
  if (failures.length > mostListed) say(`  FAILED at ${edge}: ${failures.length - mostListed} more`);
  const took = handshakes.map(({ begun, ended }) => ended - begun).toSorted((a, b) => a - b);
  const at = (part: number) => Math.round(took[Math.floor(part * (took.length - 1))] ?? 0);
  const reached = handshakes.length / lasted;
  const words =
    `${handshakes.length} in ${lasted.toFixed(1)} s, ${reached.toFixed(1)}/s, ${postponed} postponed; ` +
    `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`;
  return [
    // What is due in the last moment may not have begun.
    claim(`${edge}: ${rate} full handshakes a second`, postponed === 0 && reached >= rate * 0.99, words),
    claim(`${edge}: no handshake fails`, failures.length === 0, `${failures.length} failed`),
  ];
}

/** Why handshakes failed, in the edges' own words. */
function sayReasons({ edges }: AcceptanceStage, say: Say): void {
  for (const [index, { records }] of edges.entries()) {
    const refused = records.filter(({ event, result }) => event === "handshake" && result === "refused");
    const reasons = Map.groupBy(refused, ({ reason }) => String(reason));
    for (const [reason, { length }] of reasons) say(`  ${edgeNames[index]} refused ${length}: ${reason}`);
  }
}

/** A switch's instant is told in whole milliseconds, rounded down. */
function retiredClaim(handshakes: readonly PacedHandshake[], switches: readonly Switch[]): Claim {
  const retired = handshakes.filter(({ begun, serial }) => {
    const known = switches.findLastIndex(({ at }) => begun >= at + 1);
    // Who began before the next switch was acknowledged may be shown either.
    const allowed = switches.slice(Math.max(known, 0)).map((change) => change.serial);
    return serial !== undefined && known >= 0 && !allowed.includes(serial);
  });
  const seen = new Set(handshakes.map(({ serial }) => serial).filter((serial) => serial !== undefined));
  return claim(
    "no handshake that began after the switch was acknowledged shows a retired certificate",
    retired.length === 0 && seen.size === 3,
    `${retired.length} did; ${seen.size} certificates were seen`,
  );
}
