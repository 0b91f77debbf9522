/** For tests: a key server's control socket that says what the test says. */
import { createServer, type Server, type Socket } from "node:net";
import { plainBytes } from "../../../shared/codec/plain_bytes.ts";
import { type EdgeMessage, edgeMessageSchema } from "../../../shared/control_protocol/edge_messages.ts";
import { controlPreface, encodeFrame } from "../../../shared/control_protocol/frame.ts";
import { MessageReader } from "../../../shared/control_protocol/message_reader.ts";
import type { ServerMessage } from "../../../shared/control_protocol/server_messages.ts";
import { poll } from "../../../test/harness/poll.ts";

export class ScriptedControlServer implements AsyncDisposable {
  /** What the edge said on each connection. */
  readonly connections: EdgeMessage[][] = [];
  /** Answers what an edge says; nothing by itself. */
  script: (message: EdgeMessage, server: ScriptedControlServer) => void = () => {};
  #socket: Socket | undefined;
  #server: Server | undefined;

  constructor(readonly path: string) {}

  async start(): Promise<this> {
    this.#server = createServer((socket) => this.#serve(socket));
    await new Promise<void>((resolve) => this.#server!.listen(this.path, resolve));
    return this;
  }

  /** To the latest connection. */
  say(message: ServerMessage): void {
    this.write(encodeFrame(message));
  }

  write(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  drop(): void {
    this.#socket?.destroy();
  }

  /** The messages of a type, of all connections. */
  heard<T extends EdgeMessage["type"]>(type: T): Extract<EdgeMessage, { type: T }>[] {
    return this.connections.flat().filter((message): message is Extract<EdgeMessage, { type: T }> =>
      message.type === type
    );
  }

  /** Waits for the so many-th message of a type. */
  async hears<T extends EdgeMessage["type"]>(type: T, count = 1): Promise<Extract<EdgeMessage, { type: T }>> {
    return await poll(`${type} ${count}`, () => this.heard(type)[count - 1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drop();
    await new Promise<unknown>((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
  }

  #serve(socket: Socket): void {
    this.#socket = socket;
    const said: EdgeMessage[] = [];
    this.connections.push(said);
    const reader = new MessageReader(edgeMessageSchema);
    let preface = controlPreface.length;
    socket.on("error", () => {});
    socket.on("data", (data: Uint8Array) => {
      const chunk = plainBytes(data);
      const skipped = Math.min(preface, chunk.length);
      preface -= skipped;
      for (const message of reader.push(chunk.slice(skipped))) {
        said.push(message);
        this.script(message, this);
      }
    });
  }
}
