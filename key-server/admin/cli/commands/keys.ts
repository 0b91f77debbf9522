import type { Command } from "commander";
import type { KeyList, KeyView } from "../../schemas/keys.ts";
import { pathOf } from "../../client/api_client.ts";
import type { KeyAlgorithm } from "../../../token/key_templates.ts";
import { confirm } from "../confirm.ts";
import { algorithmNames, parseAlgorithm, parseList } from "../values.ts";
import { apiCommand, commandGroup, type CommonOptions, showAnswer } from "../command.ts";
import { accent, fields, table } from "../terminal.ts";
import { day, list, moment } from "../texts.ts";

export function addKeyCommands(program: Command): void {
  const keys = commandGroup(program, "keys", "Private keys, which stay in their token.");
  apiCommand(keys, {
    usage: "list",
    summary: "All keys, with their states.",
    example: "holdfast keys list",
  }).action((options: CommonOptions) =>
    showAnswer(options, (client) => client.get<KeyList>("/v1/keys"), describeAll)
  );
  apiCommand(keys, {
    usage: "show <key>",
    summary: "One key: where it is, what it can do, which names have it.",
    example: "holdfast keys show www-ecdsa",
    completes: ["key"],
  }).action((key: string, options: CommonOptions) =>
    showAnswer(options, (client) => client.get<KeyView>(pathOf`/v1/keys/${key}`), describe)
  );
  addMaking(keys);
  addEnding(keys);
}

interface MakeOptions extends CommonOptions {
  readonly type?: KeyAlgorithm;
  readonly uri?: string;
  readonly purposes?: readonly string[];
  readonly inToken?: string;
}

const purposesHelp = "what edges may ask of it: sign-tls13, sign-tls12, rsa-key-exchange (the first two)";

function addMaking(keys: Command): void {
  apiCommand(keys, {
    usage: "generate <key>",
    summary: "Generate a key in a token: it never leaves it.",
    example: "holdfast keys generate www-2027 --type p256",
  })
    .requiredOption("--type <algorithm>", algorithmNames.join(", "), parseAlgorithm)
    .option("--purposes <list>", purposesHelp, parseList)
    .option("--in-token <label>", "which of the key server's tokens, where there are several")
    .action((name: string, { type, purposes, inToken, ...options }: MakeOptions) => {
      const body = { name, algorithm: type, purposes, token: inToken };
      return showAnswer(options, (client) => client.post<KeyView>("/v1/keys", body), describe);
    });
  apiCommand(keys, {
    usage: "import-reference <key>",
    summary: "Enter a key that is in a token already.",
    example: 'holdfast keys import-reference www-2026 --uri "pkcs11:object=www-2026;type=private"',
  })
    .requiredOption("--uri <uri>", "where it is: a PKCS#11 URI (RFC 7512)")
    .option("--purposes <list>", purposesHelp, parseList)
    .action((name: string, { uri, purposes, ...options }: MakeOptions) => {
      const body = { name, uri, purposes };
      return showAnswer(options, (client) => client.post<KeyView>("/v1/key-references", body), describe);
    });
}

interface EndOptions extends CommonOptions {
  readonly yes?: boolean;
}

function addEnding(keys: Command): void {
  apiCommand(keys, {
    usage: "retire <key>",
    summary: "Let a key answer no more. It stays in its token.",
    example: "holdfast keys retire www-2026",
    completes: ["key"],
  }).action((key: string, options: CommonOptions) =>
    showAnswer(options, (client) => client.post<KeyView>(pathOf`/v1/keys/${key}/retire`), describe)
  );
  apiCommand(keys, {
    usage: "destroy <key>",
    summary: "Destroy a retired key in its token. There is no way back.",
    example: "holdfast keys destroy www-2026",
    completes: ["key"],
  })
    .option("--yes", "do not ask")
    .action(async (key: string, options: EndOptions) => {
      await confirm(`Destroy the key ${key} in its token, for ever?`, options.yes);
      await showAnswer(options, (client) => client.post<KeyView>(pathOf`/v1/keys/${key}/destroy`), describe);
    });
}

function describeAll({ keys }: KeyList): Promise<string> {
  const rows = keys.map((
    key,
  ) => [key.name, key.algorithm, stateOf(key), list(key.names), day(key.createdAt)]);
  return table(["key", "algorithm", "state", "names", "since"], rows);
}

function stateOf({ state, loaded }: KeyView): string {
  if (state !== "active") return state;
  return loaded ? accent("green", "active") : accent("red", "active, not loaded");
}

function describe(key: KeyView): string {
  return fields([
    ["key", key.name],
    ["state", `${stateOf(key)} since ${moment(key.stateSince)}`],
    ...key.problem === null ? [] : [["problem", key.problem] as const],
    ["algorithm", key.algorithm],
    ["identifier", key.subjectKeyIdentifier],
    ["in the token", key.uri],
    ["origin", `${key.origin}, ${moment(key.createdAt)}`],
    ["purposes", list(key.purposes)],
    ["schemes", list(key.signatureSchemes)],
    ["names", list(key.names)],
  ]);
}
