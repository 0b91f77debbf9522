import { mustRun, runCommand } from "../../harness/command.ts";

/** The names of this run's namespaces: other runs have others. */
export interface Namespaces {
  readonly edge: string;
  readonly keyServer: string;
}

/** What the two sides call each other on the link. */
export const linkAddresses = { edge: "10.203.0.1", keyServer: "10.203.0.2" } as const;
export const linkDevice = "hf0";

/** Two empty network namespaces, their loopback up; removed, with all that is in them, on disposal. */
export class NetworkNamespaces implements AsyncDisposable {
  private constructor(readonly names: Namespaces) {}

  static async create(): Promise<NetworkNamespaces> {
    const names = { edge: `holdfast-edge-${Deno.pid}`, keyServer: `holdfast-keys-${Deno.pid}` };
    const namespaces = new NetworkNamespaces(names);
    try {
      for (const name of Object.values(names)) {
        await mustRun("ip", ["netns", "add", name]);
        await mustRun("ip", ["-n", name, "link", "set", "lo", "up"]);
      }
      return namespaces;
    } catch (error) {
      await namespaces[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of Object.values(this.names)) await runCommand("ip", ["netns", "delete", name]);
  }
}

/** Gives the link's device its address on both sides. */
export async function addressLink({ edge, keyServer }: Namespaces): Promise<void> {
  const sides = [[edge, linkAddresses.edge], [keyServer, linkAddresses.keyServer]] as const;
  for (const [name, address] of sides) {
    await mustRun("ip", ["-n", name, "address", "add", `${address}/24`, "dev", linkDevice]);
    await mustRun("ip", ["-n", name, "link", "set", linkDevice, "up"]);
  }
}

/** A command as it runs inside a namespace. */
export function inNamespace(name: string, command: readonly string[]): string[] {
  return ["ip", "netns", "exec", name, ...command];
}
