import { type Cell, everyServer, type Measuring, oneWorker } from "./cell.ts";
import { cpuOf } from "./role_cpu.ts";

const gib = 2 ** 30;

/** CPU seconds of a GiB that the server seals (sent) or opens (received), over four TLS 1.3 connections at once. */
export function bulkCell(direction: "sent" | "received"): Cell {
  const prepare = ({ load, contender }: Measuring, bytes: number) =>
    load.bulk(contender.target("ecdsa"), direction, bytes);
  return {
    name: `bulk ${direction}`,
    setup: oneWorker,
    contenders: everyServer,
    warmUp: async (measuring) => {
      await (await prepare(measuring, measuring.effort.bulkBytes / 4)).go();
    },
    measure: async (measuring) => {
      const prepared = await prepare(measuring, measuring.effort.bulkBytes);
      const { result, cpu } = await cpuOf(measuring.contender, () => prepared.go());
      return {
        "CPU s/GiB": (cpu.terminator + cpu.keyServer) / 1e6 / (result.bytes / gib),
        "generator s/GiB": result.cpu / 1e6 / (result.bytes / gib),
        "MiB/s": result.bytes / 2 ** 20 / result.seconds,
      };
    },
  };
}
