/** Values of options, as people write them. */
import { InvalidArgumentError } from "commander";
import type { KeyAlgorithm } from "../../token/key_templates.ts";

const algorithms: Readonly<Record<string, KeyAlgorithm>> = {
  p256: "ecdsa-p256",
  p384: "ecdsa-p384",
  ed25519: "ed25519",
  rsa2048: "rsa-2048",
  rsa3072: "rsa-3072",
  rsa4096: "rsa-4096",
};

export const algorithmNames = Object.keys(algorithms);

/** `p256` or `ecdsa-p256`, `rsa2048` or `rsa-2048`. */
export function parseAlgorithm(text: string): KeyAlgorithm {
  const found = algorithms[text.toLowerCase().replace(/^ecdsa-/, "").replaceAll("-", "")];
  if (found === undefined) throw new InvalidArgumentError(`expected one of ${algorithmNames.join(", ")}`);
  return found;
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A duration in milliseconds: `90s`, `10m`, `1h30m`, `2d`, `0`. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)];
  if (text === "0") return 0;
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) {
    throw new InvalidArgumentError("expected a duration, such as 90s, 10m or 1h30m");
  }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit!]!, 0);
}

export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("expected a number from 1 on");
  return Number(text);
}

/** A day, or an instant as of ISO 8601, as the API has it. */
export function parseInstant(text: string): string {
  const instant = new Date(text);
  if (Number.isNaN(instant.getTime())) {
    throw new InvalidArgumentError("expected an instant, as 2026-11-21T12:00Z");
  }
  return instant.toISOString();
}

/** Comma-separated, and the option may come several times. */
export function parseList(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(",").map((item) => item.trim()).filter((item) => item !== "")];
}

const positive = (text: string) => {
  const number = Number(text);
  if (!Number.isFinite(number) || number <= 0) throw new InvalidArgumentError("expected a number above 0");
  return number;
};

/** `100` a second, or `100/200`: and as many as 200 at once. */
export function parseRate(text: string): { perSecond: number; burst: number } {
  const [perSecond = "", burst, ...rest] = text.split("/");
  if (rest.length > 0) throw new InvalidArgumentError("expected RATE or RATE/BURST");
  const rate = positive(perSecond);
  return { perSecond: rate, burst: Math.ceil(burst === undefined ? Math.max(rate, 1) : positive(burst)) };
}
