/** For tests: a signer with its scripted key servers, on real sockets. */
import assert from "node:assert/strict";
import { encodeAnswer } from "../../shared/keyless_protocol/answers.ts";
import type { KeylessErrorCode } from "../../shared/keyless_protocol/errors.ts";
import { poll } from "../../test/harness/poll.ts";
import { type ChannelErrorCode, KeyOperationError, type KeyOperationErrorCode } from "./errors.ts";
import type { KeylessEvents } from "./events.ts";
import { defaultLinkTiming, type LinkTiming } from "./link_timing.ts";
import { openRemoteSigner, type RemoteSigner, type RemoteSignerOptions } from "./remote_signer.ts";
import {
  KeylessTestPki,
  onOperations,
  type Script,
  ScriptedKeyServer,
  type ScriptedKeyServerOptions,
} from "./scripted_key_server.ts";
import { signatureRequest } from "./test_requests.ts";

/** Key servers by name, a signer that knows them all, and what it reported; all gone on disposal. */
export class Stage implements AsyncDisposable {
  readonly closed: ChannelErrorCode[] = [];
  readonly opened: string[] = [];
  readonly attempts: string[] = [];
  private constructor(
    readonly pki: KeylessTestPki,
    readonly servers: ScriptedKeyServer[],
    readonly signer: RemoteSigner,
  ) {}

  static async set(
    servers: (ScriptedKeyServerOptions & { down?: boolean })[],
    options: Partial<RemoteSignerOptions> = {},
    pki?: KeylessTestPki,
  ): Promise<Stage> {
    pki ??= await KeylessTestPki.create();
    const all: ScriptedKeyServer[] = [];
    for (const [index, server] of servers.entries()) {
      const named = { name: `key-server-${index}.holdfast.test`, ...server };
      all.push(await ScriptedKeyServer[server.down ? "prepare" : "start"](pki, named));
    }
    const events: KeylessEvents = {
      channelOpened: ({ keyServer }) => stage.opened.push(keyServer),
      channelClosed: ({ code }) => stage.closed.push(code),
      attempt: ({ keyServer, result }) => stage.attempts.push(`${keyServer.split(".")[0]} ${result}`),
    };
    const signer = openRemoteSigner({
      keyServers: all.map(({ endpoint }) => endpoint),
      identity: pki.identity,
      transcript: "hash",
      events,
      ...options,
    });
    const stage = new Stage(pki, all, signer);
    return stage;
  }

  server(index: number): ScriptedKeyServer {
    return this.servers[index]!;
  }

  async connected(count = this.servers.length): Promise<this> {
    await poll("connection", () => this.signer.health().filter(({ connected }) => connected).length >= count);
    return this;
  }

  sign(text: string, deadline = 2000): Promise<Uint8Array> {
    return this.signer.sign(signatureRequest(text), { deadline });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.signer.close();
    assert.equal(this.signer.inFlight, 0, "an operation was forgotten");
    for (const health of this.signer.health()) assert.equal(health.inFlight, 0, "a request was forgotten");
    for (const server of this.servers) await server.stop();
    await this.pki[Symbol.asyncDispose]();
  }
}

/** For assert.rejects. */
export function fails(code: KeyOperationErrorCode) {
  return (error: unknown) => error instanceof KeyOperationError && error.code === code;
}

/** Refuses every operation. */
export function refusing(code: KeylessErrorCode): Script {
  return onOperations(({ id, socket }) =>
    socket.write(encodeAnswer(id, { type: "error", code, reason: "scripted" }))
  );
}

/** Answers pings only. */
export const silent: Script = onOperations(() => {});
/** The usual timing, but without long waits. */
export const quick: LinkTiming = {
  ...defaultLinkTiming,
  reportPause: 0,
  tick: 40,
  reconnect: { initial: 5, maximum: 40 },
};
