import { Command } from "commander";
import { addAuditCommands } from "./commands/audit.ts";
import { addAuthorityCommands } from "./commands/authority.ts";
import { addBackupCommands } from "./commands/backup.ts";
import { addCertificateCommands } from "./commands/certs.ts";
import { addCompletionCommands } from "./commands/completion.ts";
import { addEdgeCommands } from "./commands/edges.ts";
import { addKeyCommands } from "./commands/keys.ts";
import { addNameCommands } from "./commands/names.ts";
import { addPolicyCommands } from "./commands/policy.ts";
import { addRotateCommand } from "./commands/rotate.ts";
import { addRotationCommands } from "./commands/rotation.ts";
import { addStatusCommand } from "./commands/status.ts";
import { addTicketCommands } from "./commands/tickets.ts";
import { exitCodesHelp } from "./exit_codes.ts";
import { complain, hasColors, print } from "./terminal.ts";

/** The whole tree of commands. */
export function adminProgram(): Command {
  const program = new Command("holdfast")
    .description("Administers a running key server.")
    .addHelpText("after", `\n${exitCodesHelp}`)
    .configureOutput({
      writeOut: print,
      writeErr: complain,
      getOutHasColors: () => hasColors(Deno.stdout),
      getErrHasColors: () => hasColors(Deno.stderr),
      getOutHelpWidth: () => width(),
      getErrHelpWidth: () => width(),
    })
    .showHelpAfterError("(--help says more)")
    .exitOverride();
  addStatusCommand(program);
  addNameCommands(program);
  addKeyCommands(program);
  addCertificateCommands(program);
  addRotateCommand(program);
  addRotationCommands(program);
  addEdgeCommands(program);
  addAuthorityCommands(program);
  addPolicyCommands(program);
  addTicketCommands(program);
  addAuditCommands(program);
  addBackupCommands(program);
  addCompletionCommands(program);
  return program;
}

function width(): number {
  return Deno.stdout.isTerminal() ? Math.max(60, Math.min(110, Deno.consoleSize().columns)) : 100;
}
