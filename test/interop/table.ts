import Table from "cli-table3";
import { type Cell, cellName, groups } from "./cell.ts";
import type { CellResult } from "./compare.ts";

const columns = [...groups, "any"] as const;

/** The matrix for people: a row for each client, version, certificate and way to connect; a column for each group. */
export function matrixTable(results: readonly CellResult[]): string {
  const table = new Table({
    head: ["client", "TLS", "certificate", "", ...columns],
    style: { head: [], border: [], compact: true },
  });
  const rows = Map.groupBy(results, ({ cell }) => JSON.stringify(rowOf(cell)));
  for (const [row, inRow] of rows) {
    const counts = columns.map((group) => count(inRow.filter(({ cell }) => cell.group === group)));
    table.push([...JSON.parse(row), ...counts]);
  }
  return table.toString();
}

function rowOf({ client, version, certificate, resumes, clientCertificate }: Cell): string[] {
  const way = [...(clientCertificate ? ["client certificate"] : []), ...(resumes ? ["resumed"] : [])];
  return [client, version, certificate, way.join(", ")];
}

function count(results: readonly CellResult[]): string {
  if (results.length === 0) return "";
  const same = results.filter((result) => result.mismatches.length === 0 && result.void === undefined);
  const designed = same.filter(({ byDesign }) => byDesign.length > 0).length;
  return `${same.length}/${results.length}${designed > 0 ? "*" : ""}`;
}

/** Everything that is not the same on both sides, in words. */
export function remarks(results: readonly CellResult[]): string[] {
  const lines: string[] = [];
  for (const { cell, mismatches, void: reason } of results) {
    if (reason !== undefined) lines.push(`VOID      ${cellName(cell)}: ${reason}`);
    for (const { field, reference, edge } of mismatches) {
      lines.push(
        `MISMATCH  ${cellName(cell)}: ${field} is ${edge} at the edge, ${reference} at the reference`,
      );
    }
  }
  const designed = results.flatMap(({ byDesign }) => byDesign);
  for (const [reason, same] of Map.groupBy(designed, ({ reason }) => reason)) {
    lines.push(`* by design in ${same.length} cells: ${reason}`);
  }
  return lines;
}

/** The last line: what counts. */
export function summary(results: readonly CellResult[]): string {
  const mismatched = results.filter(({ mismatches }) => mismatches.length > 0).length;
  const voided = results.filter((result) => result.void !== undefined).length;
  return `${results.length} cells, ${mismatched} mismatches, ${voided} void`;
}
