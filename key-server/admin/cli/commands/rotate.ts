import { type Command, Option } from "commander";
import type { RotationView, StartRotation } from "../../schemas/rotations.ts";
import { apiCommand, type CommonOptions, openClient } from "../command.ts";
import { usageError } from "../errors.ts";
import { print, printJson } from "../terminal.ts";
import { algorithmNames, parseAlgorithm, parseDuration, parseList } from "../values.ts";
import { describeRotation } from "../rotation_texts.ts";
import { watchRotation } from "../watch_rotation.ts";

interface RotateOptions extends CommonOptions {
  readonly to?: StartRotation["algorithm"];
  readonly acme?: boolean;
  readonly csr?: boolean;
  readonly ca?: "dev";
  readonly watch?: boolean;
  readonly drain?: number;
  readonly keepOld?: boolean;
  readonly destroyOld?: boolean;
  readonly replaces?: string[];
  readonly inToken?: string;
}

export function addRotateCommand(program: Command): void {
  apiCommand(program, {
    usage: "rotate <name>",
    summary: "Give a name a new key and certificate, without a dropped handshake.",
    example: "holdfast rotate www.holdfast.test --to rsa2048 --ca dev --watch",
    completes: ["name"],
  })
    .option(
      "--to <algorithm>",
      `${algorithmNames.join(", ")}; that of the old key unless told`,
      parseAlgorithm,
    )
    .option("--acme", "the certificate comes from the ACME CA of [acme]")
    .option("--csr", "it comes from an external CA: certs csr, then certs install")
    .addOption(
      new Option("--ca <authority>", "it comes from the key server's own development CA").choices(["dev"]),
    )
    .option("--drain <time>", "how long the old key answers after the switch, as 90s or 10m", parseDuration)
    .option("--keep-old", "keep the old key in its token, retired, instead of destroying it")
    .option("--destroy-old", "destroy the old key in its token, even one that was not generated here")
    .option(
      "--replaces <keys>",
      "the keys that leave, by commas; those of the new one's kind unless told",
      parseList,
    )
    .option("--in-token <label>", "which of the key server's tokens the new key is made in")
    .option("--watch", "stay, and show how edges take it up")
    .action(rotate);
}

async function rotate(name: string, options: RotateOptions): Promise<void> {
  const client = await openClient(options);
  const rotation = await client.post<RotationView>("/v1/rotations", requestOf(name, options));
  if (options.watch) return await watchRotation(client, rotation, options.json ?? false);
  if (options.json) return printJson(rotation);
  print(
    `${
      describeRotation(rotation)
    }\n\nholdfast rotation status ${rotation.name} --watch   shows how it goes on`,
  );
}

function requestOf(name: string, options: RotateOptions): StartRotation {
  const issuers = [
    ...options.acme ? ["acme" as const] : [],
    ...options.csr ? ["csr" as const] : [],
    ...options.ca !== undefined ? ["development" as const] : [],
  ];
  if (issuers.length > 1) throw usageError("Cannot rotate: give one of --acme, --csr, --ca dev");
  if (options.keepOld && options.destroyOld) {
    throw usageError("Cannot rotate: give --keep-old or --destroy-old, not both");
  }
  const [issuer] = issuers;
  const { to, drain, replaces, inToken } = options;
  return {
    name,
    ...(to && { algorithm: to }),
    ...(issuer && { issuer }),
    ...(drain !== undefined && { drainTime: drain }),
    ...(options.keepOld && { destroys: false }),
    ...(options.destroyOld && { destroys: true }),
    ...(replaces && { replaces }),
    ...(inToken !== undefined && { token: inToken }),
  };
}
