/**
 * For tests: writes an audit log until it is killed, and says after each flush how many operations were answered. The
 * folder, and how operations are written, are its arguments.
 */
import { createLogger } from "../../../shared/log.ts";
import { ChainedAuditLog } from "../chained_audit_log.ts";
import { operation } from "./audit_stage.ts";

const [folder = "", keyOperations = "each", minuteLength = "60000"] = Deno.args;
const started = Date.now();
const audit = await ChainedAuditLog.open({
  folder,
  fileBytes: 20_000,
  keyOperations: keyOperations as "each" | "by-minute",
  checkpointInterval: 1000,
  syncInterval: 5,
  signer: undefined,
  log: createLogger("test", "silent"),
  // Minutes as short as they have to be for some of them to end.
  now: () => new Date(started + (Date.now() - started) * (60_000 / Number(minuteLength))),
});
for (let answered = 0;;) {
  for (let i = Math.ceil(Math.random() * 20); i > 0; i--, answered++) {
    audit.record(operation({ key: `key${answered % 7}` }));
  }
  audit.flush();
  Deno.stdout.writeSync(new TextEncoder().encode(`${answered}\n`));
  await new Promise((resolve) => setImmediate(resolve));
}
