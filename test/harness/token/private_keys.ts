import { runCommand } from "../command.ts";
import type { Installation } from "../installation.ts";

/** What another program sees of the token: each private key's label and its words on access. */
export async function privateKeys({ token }: Installation): Promise<Map<string, string>> {
  const pin = (await Deno.readTextFile(token.pinFile)).trim();
  const args = ["--module", token.modulePath, "--token-label", token.label, "--login", "--pin", "env:PIN"];
  const { code, stdout, stderr } = await runCommand(
    "pkcs11-tool",
    [...args, "--list-objects", "--type", "privkey"],
    { env: { ...token.env, PIN: pin } },
  );
  if (code !== 0) throw new Error(`Cannot list the token's keys: ${stderr}`);
  const objects = stdout.split(/^(?=Private Key Object)/m).filter((text) => text.startsWith("Private Key"));
  return new Map(objects.map((text) => {
    return [/label:\s+(.*)/.exec(text)?.[1] ?? "", /Access:\s+(.*)/.exec(text)?.[1] ?? ""];
  }));
}
