import {
  decodeSessionState,
  encodeSessionState,
  type SessionState,
} from "../../../edge-terminator/tls/tickets/session_state.ts";
import { DecodeError } from "../../../shared/codec/errors.ts";
import { type FuzzSubject, type FuzzTarget, promise, sameBytes } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";

const anonymous: SessionState = {
  version: 0x0303,
  cipherSuite: 0xc02b,
  group: 29,
  issuedAt: 1_700_000_000_000,
  lifetime: 86_400_000,
  ageAdd: 7,
  extendedMasterSecret: true,
  serverName: "www.holdfast.test",
  epoch: 1,
  clientAuthentication: { policy: new Uint8Array(0) },
};
const authenticated: SessionState = {
  ...anonymous,
  serverName: "",
  clientAuthentication: {
    policy: new Uint8Array(32).fill(5),
    peer: {
      chain: [new Uint8Array(40).fill(0x30), new Uint8Array(3)],
      signatureScheme: 0x0403,
      authenticatedAt: 1_700_000_000_000,
    },
  },
};

/** What is read of a session's state must be written and read again as the same; other formats are no sessions. */
class SessionStateSubject implements FuzzSubject {
  readonly seeds = [encodeSessionState(anonymous), encodeSessionState(authenticated)];

  run(input: Uint8Array): string {
    return outcomeOf(() => {
      const state = decodeSessionState(input);
      if (state === undefined) return "another format";
      // Only we write them, and never such times or names: they have no bytes to go back to.
      const { peer } = state.clientAuthentication;
      const times = [state.issuedAt, peer?.authenticatedAt ?? 0];
      if (!times.every(Number.isSafeInteger) || state.serverName.includes("\ufffd")) return "not of ours";
      const written = encodeSessionState(state);
      promise(
        sameBytes(encodeSessionState(decodeSessionState(written)!), written),
        "a state changes on its way",
      );
      return peer === undefined ? "anonymous" : `authenticated by ${peer.chain.length}`;
    }, DecodeError);
  }
}

export const sessionStateTarget: FuzzTarget = {
  name: "session-state",
  about: "what tickets and the session cache say of a session",
  open: () => new SessionStateSubject(),
};
