import { followSchema, sourceMessageSchema } from "../../../key-server/registry/replication/messages.ts";
import type { FuzzTarget } from "../fuzz_target.ts";
import { ControlSubject } from "./control_protocol.ts";

const digest = "ab".repeat(32);
const lineage = "2026-11-21T12:00:00.000Z-0123456789abcdef";

/** What a follower says to its primary. */
export const replicationFollowTarget: FuzzTarget = {
  name: "registry-follow",
  about: "where a replica of the registry says it is, as its primary reads it",
  open: () =>
    new ControlSubject(
      [{ type: "follow", version: 0 }, { type: "follow", version: 7, digest }],
      followSchema,
    ),
};

/** What a primary sends to its followers. */
export const replicationSourceTarget: FuzzTarget = {
  name: "registry-source",
  about: "a primary's history, as a replica of the registry reads it",
  open: () =>
    new ControlSubject([
      { type: "accepted", lineage, genesis: lineage },
      { type: "entry", part: '{"version":1,', last: false },
      { type: "ping", version: 3 },
      { type: "refused", reason: "its history is another one" },
    ], sourceMessageSchema),
};
