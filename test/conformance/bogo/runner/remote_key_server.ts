import type { Runner } from "./find_runner.ts";
import type { OperationCounts } from "./report.ts";

/** A key server in a process of its own that holds the runner's keys in a SoftHSM token. */
export class RemoteKeyServer implements AsyncDisposable {
  static start(_folder: string, _runner: Runner): Promise<RemoteKeyServer> {
    throw new Error("not yet");
  }
  readonly shimFlags: readonly string[] = [];
  operations(): Promise<OperationCounts> {
    throw new Error("not yet");
  }
  async [Symbol.asyncDispose](): Promise<void> {}
}
