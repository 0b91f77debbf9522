import assert from "node:assert/strict";
import { type Cell, ciphers, clients, groups } from "./cell.ts";
import { compareCell, compareCells } from "./compare.ts";
import { shortSlice, wholeMatrix } from "./matrix.ts";
import { differences } from "./observation.ts";
import { Stage } from "./stage.ts";
import { matrixTable, remarks } from "./table.ts";

Deno.test("each client says the same of the edge as of openssl s_server with the same keys (a slice of the matrix)", async () => {
  await using stage = await Stage.start();
  const results = await compareCells(shortSlice(), stage, 2);
  const bad = results.filter((result) => result.mismatches.length > 0 || result.void !== undefined);
  assert.deepEqual(bad.flatMap(({ output = [] }) => output).join("\n"), "", remarks(results).join("\n"));

  // The control: other certificates on the two sides, and each client that tells of one must see it.
  const sides = {
    reference: (cell: Cell) => stage.reference(cell),
    edge: (cell: Cell) => stage.edge({ ...cell, certificate: "p384" }),
  };
  for (const client of ["openssl", "gnutls", "nss"] as const) {
    const cell = shortSlice().find((cell) =>
      cell.client === client && cell.version === "1.3" && !cell.resumes
    );
    const { mismatches } = await compareCell(cell!, sides);
    assert(mismatches.some(({ field }) => field === "signatureScheme"), client);
  }
});

Deno.test("the slice has every client, suite, group, resumption and client certificates", () => {
  const slice = shortSlice();
  assert.deepEqual(new Set(slice.map(({ client }) => client)), new Set(clients));
  for (const cipher of ciphers) assert(slice.some((cell) => cell.cipher === cipher && cell.resumes), cipher);
  for (const group of groups) assert(slice.some((cell) => cell.group === group), group);
  assert(slice.some(({ clientCertificate, resumes }) => clientCertificate && resumes));
  assert(slice.length < wholeMatrix().length / 4);
});

Deno.test("a field that differs, or that only one side has, is a difference", () => {
  const seen = { verified: true, status: 200, group: "x25519" };
  assert.deepEqual(differences(seen, { ...seen }), []);
  assert.deepEqual(differences(seen, { ...seen, group: "secp256r1" }), [
    { field: "group", reference: "x25519", edge: "secp256r1" },
  ]);
  assert.deepEqual(differences(seen, { verified: true, status: 200 }).map(({ field }) => field), ["group"]);
});

Deno.test("a mismatch shows in the table and in words", () => {
  const [cell] = shortSlice();
  const seen = { verified: true, status: 200 };
  const mismatches = [{ field: "version", reference: "TLSv1.3", edge: "TLSv1.2" }] as const;
  const results = [{ cell: cell!, reference: seen, edge: seen, mismatches, byDesign: [] }];
  assert.match(matrixTable(results), /0\/1/);
  assert.match(
    remarks(results).join(),
    /MISMATCH .*version is TLSv1.2 at the edge, TLSv1.3 at the reference/,
  );
});
