import type { Command } from "commander";
import type { AuditRecords, AuditRecordView, AuditVerification } from "../../schemas/audit.ts";
import { apiCommand, commandGroup, type CommonOptions, openClient } from "../command.ts";
import { usageError } from "../errors.ts";
import { exitCodes } from "../exit_codes.ts";
import { readText, writeStream } from "../files.ts";
import { accent, fields, print, printJson } from "../terminal.ts";
import { moment } from "../texts.ts";
import { parseCount, parseInstant } from "../values.ts";

interface FilterOptions extends CommonOptions {
  readonly kind?: string;
  readonly edge?: string;
  readonly forKey?: string;
  readonly author?: string;
  readonly since?: string;
  readonly until?: string;
  readonly lines?: number;
  readonly out?: string;
}

interface VerifyCommandOptions extends CommonOptions {
  readonly folder?: string;
  readonly publicKey?: string;
  readonly head?: string;
}

export function addAuditCommands(program: Command): void {
  const audit = commandGroup(program, "audit", "What was done and signed, by whom and for whom.");
  withFilter(apiCommand(audit, {
    usage: "tail",
    summary: "The newest records.",
    example: "holdfast audit tail --lines 50 --author uid:0",
  }))
    .option("--lines <count>", "how many; 20 unless told", parseCount, 20)
    .action(tail);
  withFilter(apiCommand(audit, {
    usage: "export",
    summary: "All records, a line of JSON for each.",
    example: "holdfast audit export --since 2026-11-01 --out november.ndjson",
  }))
    .option("--out <file>", "write them to a new file, mode 0600")
    .action(exportAll);
  apiCommand(audit, {
    usage: "verify",
    summary:
      "Find a byte that was changed, a record that is missing or in another place. Exits 1 if there is one.",
    example: "holdfast audit verify",
  })
    .option("--folder <path>", "the log's files here, without a key server")
    .option("--public-key <file>", "with --folder: PEM of the key that checkpoints must be signed with")
    .option("--head <record:hash>", "with --folder: how far it reached at least, as an earlier verify said")
    .action(verify);
}

function withFilter(command: Command): Command {
  return command
    .option("--kind <kind>", "admin-call, registry-commit, key-operation, enrolment, checkpoint …")
    .option("--edge <edge>", "about this edge")
    .option("--for-key <key>", "about this key")
    .option("--author <author>", "done by this administrator")
    .option("--since <instant>", "from then on, as 2026-11-21 or 2026-11-21T12:00Z", parseInstant)
    .option("--until <instant>", "before then", parseInstant);
}

function queryOf({ kind, edge, forKey, author, since, until }: FilterOptions, limit?: number): string {
  const conditions = { kind, edge, key: forKey, author, since, until, limit: limit?.toString() };
  const given = Object.entries(conditions).filter((entry): entry is [string, string] =>
    entry[1] !== undefined
  );
  return new URLSearchParams(given).toString();
}

async function tail(options: FilterOptions): Promise<void> {
  const client = await openClient(options);
  const answer = await client.get<AuditRecords>(`/v1/audit/records?${queryOf(options, options.lines)}`);
  if (options.json) return printJson(answer);
  for (const record of answer.records) print(describe(record));
}

async function exportAll(options: FilterOptions): Promise<void> {
  const client = await openClient(options);
  await writeStream(options.out, await client.stream(`/v1/audit/export?${queryOf(options)}`));
}

async function verify(options: VerifyCommandOptions): Promise<void> {
  const found = options.folder === undefined
    ? await (await openClient(options)).get<AuditVerification>("/v1/audit/verification")
    : await verifyHere(options.folder, options);
  if (options.json) printJson(found);
  else print(describeVerification(found));
  if (!found.whole) Deno.exit(exitCodes.failed);
}

async function verifyHere(folder: string, options: VerifyCommandOptions): Promise<AuditVerification> {
  const { verifyAuditLog } = await import("../../actions/verify_audit_log.ts");
  const { publicKey, head } = options;
  const [, n, hash] = /^(\d+):([0-9a-f]{64})$/.exec(head ?? "") ?? [];
  if (head !== undefined && hash === undefined) throw usageError("Cannot read --head: expected RECORD:HASH");
  return await verifyAuditLog(folder, {
    ...(publicKey !== undefined && { publicKey: derOfPublicKey(await readText(publicKey)) }),
    ...(hash !== undefined && { head: { n: Number(n), hash: Uint8Array.fromHex(hash) } }),
  });
}

function derOfPublicKey(pem: string): Uint8Array {
  const [, base64] = /-----BEGIN PUBLIC KEY-----([^-]+)-----END PUBLIC KEY-----/.exec(pem) ?? [];
  if (base64 === undefined) throw usageError("Cannot read --public-key: expected PEM (BEGIN PUBLIC KEY)");
  return Uint8Array.fromBase64(base64);
}

function describe({ n, at, kind, ...rest }: AuditRecordView): string {
  const words = Object.entries(rest).map(([name, value]) =>
    `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`
  );
  return `${accent("dim", `${n}`)}  ${moment(at)}  ${accent("bold", kind)}  ${words.join(" ")}`;
}

function describeVerification(found: AuditVerification): string {
  if (found.damage !== null) {
    const { file, line, offset, reason } = found.damage;
    return `${accent("red", "not as it was written")}: ${file}, line ${line} (byte ${offset}): ${reason}`;
  }
  const { files, first, head, checkpoints, signedUntil } = found;
  return fields([
    ["audit log", accent("green", "as it was written")],
    [
      "records",
      head === null ? "none" : `${first} to ${head.n}, in ${files} ${files === 1 ? "file" : "files"}`,
    ],
    [
      "checkpoints",
      checkpoints === 0 ? "none: nothing is signed" : `${checkpoints}, over all until record ${signedUntil}`,
    ],
    ["head", head === null ? "-" : `${head.n}:${head.hash}`],
  ]);
}
