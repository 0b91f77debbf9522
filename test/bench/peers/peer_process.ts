import type { Installation } from "../../harness/installation.ts";
import { poll } from "../../harness/poll.ts";
import { type ChildOptions, ChildProcess } from "../../harness/processes/child_process.ts";
import type { TcpAddress } from "../../../shared/config/address.ts";
import { withDescendants } from "../measure/cpu_time.ts";
import {
  type CertificateName,
  certificates,
  type Contender,
  type ContenderName,
  type Roles,
} from "./contender.ts";
import { siteName } from "./site.ts";

/** The first port of each peer; the next one is for the next certificate. */
export const peerPorts = { "nginx": 9100, "hitch": 9110, "nginx+pkcs11": 9120 } as const;
export type PeerName = keyof typeof peerPorts;

/** A peer's address for a certificate: each has a port of its own. */
export function peerAddress(
  { host }: Installation,
  name: PeerName,
  certificate: CertificateName,
): TcpAddress {
  return { host, port: peerPorts[name] + certificates.indexOf(certificate) };
}

/** A server of somebody else's: one process tree that holds its keys itself. */
export class PeerProcess implements Contender {
  private constructor(
    readonly name: ContenderName & PeerName,
    readonly installation: Installation,
    readonly child: ChildProcess,
  ) {}

  /** Starts it and waits until it accepts on all its ports; throws with its output when it ends before. */
  static async start(
    name: PeerName,
    installation: Installation,
    options: Omit<ChildOptions, "name">,
  ): Promise<PeerProcess> {
    const child = new ChildProcess({ name, ...options });
    try {
      for (const certificate of certificates) {
        const { host, port } = peerAddress(installation, name, certificate);
        await poll(`${name} on port ${port}`, async () => {
          if (child.end !== undefined) return true;
          (await Deno.connect({ hostname: host, port })).close();
          return true;
        });
      }
      if (child.end !== undefined) throw new Error(`${name} ended: ${child.lines.join("; ")}`);
      return new PeerProcess(name, installation, child);
    } catch (error) {
      await child.stop();
      throw error;
    }
  }

  target(certificate: CertificateName) {
    return { ...peerAddress(this.installation, this.name, certificate), serverName: siteName(certificate) };
  }

  async roles(): Promise<Roles> {
    return { terminator: await withDescendants(this.child.pid), keyServer: [] };
  }

  pooledBytes(): Promise<number> {
    return Promise.resolve(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stop();
  }
}
