import { chainLine, genesisHash, readChainedLine } from "../../../key-server/audit/chained_line.ts";
import { type FuzzSubject, type FuzzTarget, promise } from "../fuzz_target.ts";

const record = { n: 1, at: "2026-11-21T12:00:00.000Z", kind: "key-operation", edge: "spiffe://a.test/b" };

/** A line of an audit log is the one that was written, or damage. */
class AuditLineSubject implements FuzzSubject {
  readonly seeds = [chainLine(genesisHash, record).bytes.subarray(0, -1)];

  run(input: Uint8Array): string {
    const read = readChainedLine(genesisHash, input);
    if ("damage" in read) return read.damage;
    promise(input.toHex() === this.seeds[0]!.toHex(), "a line that was never written is taken");
    return read.record.kind;
  }
}

export const auditLineTarget: FuzzTarget = {
  name: "audit-line",
  about: "lines of the audit log",
  open: () => new AuditLineSubject(),
};
