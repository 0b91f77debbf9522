import { mustRun, runCommand } from "../../harness/command.ts";
import { TextLineStream } from "../../harness/processes/lines.ts";
import type { LoadProgram } from "../load/load_program.ts";
import { addressLink, linkDevice, type Namespaces } from "./namespaces.ts";

/** What connects the edge's namespace with the key server's. */
export interface Link extends AsyncDisposable {
  /** What makes the delay, for people. */
  readonly kind: string;
  /** Sets how long a packet takes there and back, in milliseconds: half of it each way. */
  setRoundTrip(milliseconds: number): Promise<void>;
}

/** By netem where the kernel has it, otherwise by {@link RelayLink}. */
export async function createLink(namespaces: Namespaces, load: LoadProgram): Promise<Link> {
  return await NetemLink.create(namespaces) ?? await RelayLink.create(namespaces, load);
}

/** A veth pair with the kernel's network emulator at both ends. */
class NetemLink implements Link {
  readonly kind = "netem on a veth pair";

  private constructor(readonly namespaces: Namespaces) {}

  static async create(namespaces: Namespaces): Promise<NetemLink | undefined> {
    const { edge, keyServer } = namespaces;
    const pair = ["type", "veth", "peer", "name", linkDevice, "netns", keyServer];
    const link = new NetemLink(namespaces);
    const added = await runCommand("ip", ["-n", edge, "link", "add", linkDevice, ...pair]);
    if (added.code !== 0) return undefined;
    try {
      await link.setRoundTrip(0);
      await addressLink(namespaces);
      return link;
    } catch {
      await mustRun("ip", ["-n", edge, "link", "delete", linkDevice]);
      return undefined;
    }
  }

  async setRoundTrip(milliseconds: number): Promise<void> {
    for (const name of [this.namespaces.edge, this.namespaces.keyServer]) {
      const discipline = ["root", "netem", "delay", `${milliseconds * 500}us`, "limit", "10000"];
      await mustRun("tc", ["-n", name, "qdisc", "replace", "dev", linkDevice, ...discipline]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await mustRun("ip", ["-n", this.namespaces.edge, "link", "delete", linkDevice]);
  }
}

/** A TUN device on each side, and delay.cpp between them, which hands on every IP packet when its time has come. */
class RelayLink implements Link {
  readonly kind = "a relay of IP packets between two TUN devices";
  readonly #relay: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(relay: Deno.ChildProcess) {
    this.#relay = relay;
    this.#lines = relay.stdout.pipeThrough(new TextLineStream()).getReader();
    this.#stdin = relay.stdin.getWriter();
  }

  static async create(namespaces: Namespaces, load: LoadProgram): Promise<RelayLink> {
    const { edge, keyServer } = namespaces;
    const relay = new Deno.Command(load.path, {
      args: ["delay", `first=${edge}`, `second=${keyServer}`, `device=${linkDevice}`],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const link = new RelayLink(relay);
    await link.#line();
    await addressLink(namespaces);
    return link;
  }

  async setRoundTrip(milliseconds: number): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(`${Math.round(milliseconds * 500)}\n`));
    await this.#line();
  }

  async #line(): Promise<void> {
    const { done } = await this.#lines.read();
    if (done) throw new Error("Cannot delay packets: the relay has ended");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stdin.close();
    await this.#lines.cancel();
    await this.#relay.status;
  }
}
