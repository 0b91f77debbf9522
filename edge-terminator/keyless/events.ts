import type { OperationName } from "../../shared/keyless_protocol/operations.ts";
import type { ChannelErrorCode, KeyOperationErrorCode } from "./errors.ts";

/** What happens on the way to the key servers, for metrics and logs that live in the worker. All optional. */
export interface KeylessEvents {
  /** One request to one key server is over; an operation that is tried again has several. */
  attempt?(report: {
    readonly keyServer: string;
    readonly operation: OperationName;
    readonly result: "ok" | KeyOperationErrorCode;
    readonly seconds: number;
  }): void;
  /** One operation is over, whoever answered it: what a handshake saw. */
  operation?(report: {
    readonly operation: OperationName;
    readonly result: "ok" | KeyOperationErrorCode;
    readonly attempts: number;
    readonly seconds: number;
  }): void;
  /** A key server has accepted a channel: it answered a ping. */
  channelOpened?(report: { readonly keyServer: string; readonly endsAt: number }): void;
  /** A channel ended, or could not be opened; the same reason again is told every half minute only. */
  channelClosed?(report: {
    readonly keyServer: string;
    readonly code: ChannelErrorCode;
    readonly reason: string;
    readonly wasOpen: boolean;
    /** How many times in a row, this one included. */
    readonly failures: number;
  }): void;
}
