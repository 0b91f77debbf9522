import { certificates } from "../contender.ts";
import { bulkCell } from "./bulk.ts";
import type { Cell } from "./cell.ts";
import { handshakeCell, latencyCell, rateCell } from "./handshakes.ts";
import { idleCell } from "./idle.ts";

const versions = ["1.3", "1.2"] as const;

/** Everything that is measured, in order. `idleWorkers`: those that it takes to hold the idle connections. */
export const allCells = (idleWorkers: number): readonly Cell[] => [
  ...versions.flatMap((version) =>
    certificates.map((certificate) =>
      handshakeCell(`full ${version} ${certificate}`, { version, certificate })
    )
  ),
  ...versions.map((version) =>
    handshakeCell(`resumed ${version}`, { version, certificate: "ecdsa", resume: true })
  ),
  bulkCell("sent"),
  bulkCell("received"),
  ...[1, 32, 256].map((atOnce) => latencyCell(atOnce, { version: "1.3", certificate: "ecdsa" })),
  idleCell(idleWorkers),
  handshakeCell("full 1.3 ecdsa with access logs", { version: "1.3", certificate: "ecdsa" }, {
    workers: 1,
    logs: true,
  }),
  ...certificates.map((certificate) => rateCell({ version: "1.3", certificate })),
];
