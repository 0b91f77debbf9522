import type { DatedReport, HubState, OtherMember } from "./hub_state.ts";

/** The state of a key server that is by itself: all members are its own, and its memory is the hub's. */
export class LocalHubState implements HubState {
  readonly others: ReadonlyMap<string, OtherMember> = new Map();
  readonly otherReports: ReadonlyMap<string, DatedReport> = new Map();
  readonly problem = undefined;

  listen(): void {}
  put(): void {}
  remove(): void {}
  report(): void {}
  rotate(): void {}

  send(): boolean {
    return false;
  }

  speaksTo(): boolean {
    return true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
