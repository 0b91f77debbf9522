import { mustRun } from "../harness/command.ts";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import type { ClientResult, Endpoint } from "../harness/clients/negotiated.ts";

/** What `openssl s_client -sess_out` has written: a session of a client, with its ticket. */
export class OpensslSession {
  private constructor(readonly file: string, readonly version: "1.2" | "1.3", readonly ticket: Uint8Array) {}

  /** Connects and keeps the session; throws when there is none. */
  static async fetch(endpoint: Endpoint, version: "1.2" | "1.3", file: string): Promise<OpensslSession> {
    const result = await opensslClient(endpoint, { version, extraArguments: ["-sess_out", file] });
    if (!result.verified) throw new Error(`Cannot get a session: ${result.output}`);
    return await OpensslSession.read(file, version);
  }

  static async read(file: string, version: "1.2" | "1.3"): Promise<OpensslSession> {
    const { stdout } = await mustRun("openssl", ["sess_id", "-in", file, "-noout", "-text"]);
    const dump = /TLS session ticket:\n((?: +[0-9a-f]{4} - .*\n)+)/.exec(stdout)?.[1];
    if (dump === undefined) throw new Error(`Cannot find a ticket in ${file}: ${stdout}`);
    const digits = dump.split("\n").map((line) => line.slice(11, 11 + 3 * 16).replace(/[ -]/g, "")).join("");
    return new OpensslSession(file, version, Uint8Array.fromHex(digits));
  }

  /** The name of the key that its ticket is sealed under. */
  get keyName(): string {
    return this.ticket.subarray(0, 16).toHex();
  }

  /**
   * Connects with the session: `verified` is of full handshakes alone, as the peer shows no certificate again. The one that comes back, if any, goes to `newFile`.
   */
  async resume(endpoint: Endpoint, newFile?: string): Promise<ClientResult & { readonly resumed: boolean }> {
    const result = await opensslClient(endpoint, {
      version: this.version,
      extraArguments: ["-sess_in", this.file, ...newFile === undefined ? [] : ["-sess_out", newFile]],
    });
    return { ...result, resumed: /^Reused, /m.test(result.output) };
  }

  /** The session with one bit of its ticket flipped, in a file of its own. */
  async withFlippedByte(index: number, file: string): Promise<OpensslSession> {
    const [begin, ...lines] = (await Deno.readTextFile(this.file)).trim().split("\n");
    const end = lines.pop();
    const der = Uint8Array.fromBase64(lines.join(""));
    der[indexOf(der, this.ticket) + index]! ^= 1;
    await Deno.writeTextFile(file, [begin, ...der.toBase64().match(/.{1,64}/g)!, end, ""].join("\n"));
    return await OpensslSession.read(file, this.version);
  }
}

function indexOf(whole: Uint8Array, part: Uint8Array): number {
  const at = whole.findIndex((_, start) => part.every((byte, offset) => whole[start + offset] === byte));
  if (at < 0) throw new Error("Cannot find the ticket in the session file");
  return at;
}
