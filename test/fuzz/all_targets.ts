import type { FuzzTarget } from "./fuzz_target.ts";
import { auditLineTarget } from "./targets/audit_line.ts";
import { controlEdgeTarget, controlServerTarget } from "./targets/control_protocol.ts";
import { enrolmentTargets } from "./targets/enrolment.ts";
import { extensionTarget } from "./targets/extensions.ts";
import { externalChainTarget } from "./targets/external_chain.ts";
import { handshakeTarget } from "./targets/handshake/handshake.ts";
import { handshakeStreamTarget } from "./targets/handshake_stream.ts";
import { keylessAnswerTarget, keylessRequestTarget } from "./targets/keyless_protocol.ts";
import { messageTargets } from "./targets/messages.ts";
import { peerCertificateTarget } from "./targets/peer_certificate.ts";
import { pkcs11UriTarget } from "./targets/pkcs11_uri.ts";
import { replicationFollowTarget, replicationSourceTarget } from "./targets/registry_replication.ts";
import { registrySnapshotTarget } from "./targets/registry_snapshot.ts";
import { recordLayerTarget } from "./targets/record_layer.ts";
import { sealedSecretTargets } from "./targets/sealed_secrets.ts";
import { sessionMessageTarget } from "./targets/session_messages.ts";
import { sessionStateTarget } from "./targets/session_state.ts";
import { strictTranscriptTarget } from "./targets/strict_transcript.ts";
import { ticketKeyFileTargets } from "./targets/ticket_key_files.ts";
import { ticketHubRecordTarget } from "./targets/ticket_hub_records.ts";
import { ticketMembersTarget } from "./targets/ticket_members.ts";
import { ticketTarget } from "./targets/tickets.ts";

/** Every fuzz target. A new one is a file in targets/ and a line here. */
export const allTargets: readonly FuzzTarget[] = [
  handshakeTarget,
  recordLayerTarget,
  handshakeStreamTarget,
  extensionTarget,
  ...messageTargets,
  keylessRequestTarget,
  keylessAnswerTarget,
  controlEdgeTarget,
  controlServerTarget,
  replicationFollowTarget,
  replicationSourceTarget,
  strictTranscriptTarget,
  ticketTarget,
  sessionStateTarget,
  sessionMessageTarget,
  ticketMembersTarget,
  ticketHubRecordTarget,
  peerCertificateTarget,
  externalChainTarget,
  ...sealedSecretTargets,
  ...ticketKeyFileTargets,
  pkcs11UriTarget,
  ...enrolmentTargets,
  auditLineTarget,
  registrySnapshotTarget,
];
