import assert from "node:assert/strict";
import type { TicketMember } from "../../../shared/control_protocol/ticket_messages.ts";
import { MemberAuthority, memberAuthority, memberIdentities } from "../testing/member_identities.ts";
import { announce, AnnouncementVerifier, type MemberIdentity } from "./announcement.ts";

const instance = "0f".repeat(16);
const publicKey = new Uint8Array(32).fill(7);
const [identity, other] = memberIdentities as [MemberIdentity, MemberIdentity];

function member(by = identity, changes: Partial<TicketMember> = {}): TicketMember {
  return { instance, edge: by.edge, announcement: announce(by, instance, publicKey, 1000), ...changes };
}

const refused = (reason: RegExp) => (error: { code?: string; message: string }) =>
  error.code === "ticket-member" && reason.test(error.message);

Deno.test("what an edge announces is verified by the edge CA", () => {
  using verifier = new AnnouncementVerifier([memberAuthority.certificate]);
  verifier.verify(member());
});

Deno.test("an announcement with anything changed, or of another edge, is refused", () => {
  using verifier = new AnnouncementVerifier([memberAuthority.certificate]);
  const { announcement } = member();
  const changed = (changes: object) => ({ ...member(), announcement: { ...announcement, ...changes } });
  const mistakes: [TicketMember, RegExp][] = [
    [member(identity, { instance: "0e".repeat(16) }), /signature/],
    [member(identity, { edge: other.edge }), /another edge's/],
    [changed({ publicKey: new Uint8Array(32).fill(8).toBase64() }), /signature/],
    [changed({ madeAt: 1001 }), /signature/],
    [changed({ signature: member(other).announcement.signature }), /signature/],
    [changed({ signature: "" }), /signature/],
    [changed({ signatureScheme: 0 }), /signature/],
    [changed({ signatureScheme: 0x0804 }), /signature/],
    [changed({ chain: member(other).announcement.chain }), /another edge's/],
    [changed({ chain: ["AAAA"] }), /malformed/],
    [changed({ chain: [memberAuthority.certificate.toBase64()] }), /./],
  ];
  for (const [mistake, reason] of mistakes) {
    assert.throws(() => verifier.verify(mistake), refused(reason), JSON.stringify(reason.source));
  }
});

Deno.test("an edge of another CA is no member, nor one whose certificate has ended", async () => {
  using verifier = new AnnouncementVerifier([memberAuthority.certificate]);
  const stranger = await (await MemberAuthority.create()).identity(identity.edge);
  assert.throws(() => verifier.verify(member(stranger)), refused(/unknown-authority/));
  const later = new Date(Date.now() + 100 * 365 * 24 * 3600_000);
  assert.throws(() => verifier.verify(member(), later), refused(/expired/));
});
