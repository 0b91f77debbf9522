/** For tests: speaks the control protocol to a key server as an edge does, and as one should not. */
import { connect as connectPlain, type Socket } from "node:net";
import type { EdgeMessage, HelloMessage } from "../../../shared/control_protocol/edge_messages.ts";
import { encodeFrame } from "../../../shared/control_protocol/frame.ts";
import { MessageReader } from "../../../shared/control_protocol/message_reader.ts";
import { type ServerMessage, serverMessageSchema } from "../../../shared/control_protocol/server_messages.ts";
import { poll } from "../../../test/harness/poll.ts";

export class ControlClient implements Disposable {
  /** Everything that came, oldest first; updates too. */
  readonly received: ServerMessage[] = [];
  /** Tags by name, as the updates left them. */
  readonly names = new Map<string, string>();
  version = 0;
  hasEnded = false;
  readonly socket: Socket;
  /** Whether pings are answered. */
  answersPings = true;

  constructor(socket: Socket) {
    this.socket = socket;
    const reader = new MessageReader(serverMessageSchema);
    socket.on("data", (chunk: Uint8Array) => {
      for (const message of reader.push(chunk)) this.#take(message);
    });
    socket.on("error", () => {});
    socket.on("close", () => this.hasEnded = true);
  }

  static async dialUnix(path: string): Promise<ControlClient> {
    const socket = connectPlain({ path });
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new ControlClient(socket);
  }

  say(message: EdgeMessage): void {
    this.write(encodeFrame(message));
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  hello(changes: Partial<HelloMessage> = {}): void {
    this.say({ type: "hello", instance: "00".repeat(16), software: "test", ...changes });
  }

  ack(version: number, lineage: string, problems: { name: string; reason: string }[] = []): void {
    this.say({ type: "ack", lineage, version, problems });
  }

  /** Waits until the edge holds this version. */
  async holds(version: number): Promise<this> {
    await poll(`version ${version}`, () => this.version >= version);
    return this;
  }

  /** The first message of a type; waits for it. */
  async first<T extends ServerMessage["type"]>(type: T): Promise<Extract<ServerMessage, { type: T }>> {
    return await poll(type, () => {
      return this.received.find((message): message is Extract<ServerMessage, { type: T }> =>
        message.type === type
      );
    });
  }

  async ended(): Promise<void> {
    await poll("end", () => this.hasEnded);
  }

  get updates() {
    return this.received.filter((message) => message.type === "update");
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #take(message: ServerMessage): void {
    this.received.push(message);
    if (message.type === "ping" && this.answersPings) this.say({ type: "pong" });
    if (message.type !== "update") return;
    for (const name of message.remove) this.names.delete(name);
    for (const { tag, content } of message.put) this.names.set(content.name, tag);
    if (!message.more) this.version = message.version;
  }
}
