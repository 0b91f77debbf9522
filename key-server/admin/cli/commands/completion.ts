import { Argument, type Command } from "commander";
import { completionScripts } from "../completion/scripts.ts";
import { print } from "../terminal.ts";

type Shell = keyof typeof completionScripts;

export function addCompletionCommands(program: Command): void {
  program.command("completion")
    .description("Print what a shell runs to complete these commands, names and edges included.")
    .addArgument(new Argument("<shell>").choices(Object.keys(completionScripts)))
    .addHelpText("after", '\nExample:\n  eval "$(holdfast completion bash)"')
    .action((shell: Shell) => print(completionScripts[shell]));
  program.command("__complete [words...]", { hidden: true })
    .description("What the scripts of `completion` ask.")
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      const { complete, files } = await import("../completion/complete.ts");
      const candidates = await complete(program, words);
      if (candidates === files) return print(files);
      const lines = candidates.map(({ word, about }) => `${word}\t${about}\n`);
      if (lines.length > 0) print(lines.join(""));
    });
}
