import { CliError } from "./errors.ts";

/** Asks before what cannot be undone. Throws CliError not-confirmed: on a no, and where nobody can be asked. */
export async function confirm(question: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  if (!Deno.stdin.isTerminal() || !Deno.stderr.isTerminal()) {
    throw new CliError(
      "not-confirmed",
      `Cannot ask "${question}": this is no terminal; --yes answers for you`,
      "notConfirmed",
    );
  }
  const { confirm: ask, isCancel } = await import("@clack/prompts");
  const { stderr } = await import("node:process");
  const answer = await ask({ message: question, initialValue: false, output: stderr });
  if (isCancel(answer) || !answer) {
    throw new CliError("not-confirmed", "Cannot go on: not confirmed; nothing has changed", "notConfirmed");
  }
}
