import {
  memberRecordSchema,
  readRecord,
  relayedSchema,
  rotateSchema,
  writeRecord,
} from "../../../key-server/ticket_hub/nats/records.ts";
import { type FuzzSubject, type FuzzTarget, promise } from "../fuzz_target.ts";

const instance = "00112233445566778899aabbccddeeff";
const instant = "2026-11-21T12:00:00.000Z";
const announcement = {
  publicKey: new Uint8Array(32).toBase64(),
  madeAt: 1,
  signatureScheme: 0x403,
  signature: "AAAA",
  chain: ["AAAA"],
};
const member = { edge: "spiffe://a.test/b", announcement, connected: true, since: instant };
const report = { type: "ticket-report", domains: [], issued: 1, resumed: 1, refused: 0 };
const schemas = { member: memberRecordSchema, message: relayedSchema, rotation: rotateSchema };

/** What is taken can be written, and read again as the same. */
class RecordSubject implements FuzzSubject {
  readonly seeds = [
    member,
    { ...member, report: { at: instant, report } },
    { from: instance, to: instance, body: "AAAA" },
    { domain: "public" },
  ].map(writeRecord);

  run(input: Uint8Array): string {
    for (const [kind, schema] of Object.entries(schemas)) {
      const record = readRecord(schema, input);
      if (record === undefined) continue;
      const again = readRecord(schema, writeRecord(record));
      promise(JSON.stringify(again) === JSON.stringify(record), "a record that is written reads otherwise");
      return kind;
    }
    return "refused";
  }
}

export const ticketHubRecordTarget: FuzzTarget = {
  name: "ticket-hub-records",
  about: "what key servers tell each other of edges by way of a broker",
  open: () => new RecordSubject(),
};
