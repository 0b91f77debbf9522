/** `holdfast edge enroll`: gets this edge its certificate with a one-time token, and exits. */
import { Command, CommanderError } from "commander";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { parseTcpAddress, type TcpAddress } from "../../shared/config/address.ts";
import { refuseSecrets, UsageError } from "../../shared/config/arguments.ts";
import { HoldfastError } from "../../shared/errors.ts";
import { enrol } from "./enrol.ts";
import { identityFolder } from "./identity_folder.ts";

interface Options {
  readonly tokenFile: string;
  readonly server: string;
  readonly name?: string;
  readonly state: string;
  readonly replace: boolean;
}

const example = `
Example:
  holdfast edge enroll --token-file /run/pop1.token --server keys.example.org:4434 --state /var/lib/holdfast
`;

function parseOptions(args: readonly string[]): Options {
  refuseSecrets(args);
  const command = new Command("holdfast edge enroll")
    .description("Gets this edge its certificate: makes a key here, and has the key server certify it once.")
    .requiredOption("--token-file <file>", "the token, as 'holdfast edges token' printed it; mode 0600")
    .requiredOption("--server <host:port>", "the key server's [enrolment] address")
    .option("--name <name>", "the DNS name in the key server's certificate, if it is not the host")
    .requiredOption("--state <folder>", "the edge's [control] state folder")
    .option("--replace", "replace the identity that is there", false)
    .addHelpText("after", example)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command.parse([...args], { from: "user" }).opts<Options>();
}

function addressOf(server: string): TcpAddress {
  const address = parseTcpAddress(server);
  if (address === undefined) throw new UsageError("Cannot use --server: expected host:port");
  return address;
}

/** Certificates are held against a DNS name, never against an address. */
function serverNameOf({ host }: TcpAddress, name: string | undefined): string {
  const serverName = name ?? host;
  if (isIP(serverName) === 0) return serverName;
  throw new UsageError(
    `Cannot hold a certificate against ${serverName}: --name NAME says which DNS name the key server's has`,
  );
}

async function main(args: readonly string[]): Promise<string> {
  const { tokenFile, server, name, state, replace } = parseOptions(args);
  const address = addressOf(server);
  const serverName = serverNameOf(address, name);
  const folder = resolve(state);
  const { edge, notAfter } = await enrol({
    tokenFile: resolve(tokenFile),
    server: address,
    serverName,
    state: folder,
    replace,
  });
  const { identity, keyServerCa } = identityFolder(folder);
  return `This edge is ${edge}, until ${notAfter.toISOString()}; it renews that by itself while it runs.
In its configuration:

[identity]
certificate = ${JSON.stringify(identity)}
private_key = ${JSON.stringify(identity)}

[control]
state = ${JSON.stringify(folder)}

[[key_server]]
name = ${JSON.stringify(serverName)}
ca = ${JSON.stringify(keyServerCa)}
address = "..."                          # the key server's [listen] address
`;
}

const write = (stream: { writeSync(bytes: Uint8Array): number }, text: string) =>
  void stream.writeSync(new TextEncoder().encode(text));

try {
  write(Deno.stdout, await main(Deno.args));
  Deno.exit(0);
} catch (error) {
  if (error instanceof CommanderError) {
    if (error.exitCode !== 0) write(Deno.stderr, `${error.message}\n`);
    Deno.exit(error.exitCode === 0 ? 0 : 2);
  }
  if (!(error instanceof HoldfastError)) throw error;
  write(Deno.stderr, `${error.message}\n`);
  Deno.exit(error instanceof UsageError ? error.exitCode : 1);
}
