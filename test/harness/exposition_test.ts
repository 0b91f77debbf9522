import assert from "node:assert/strict";
import { parseExposition, sumOf } from "./exposition.ts";

const text = `# HELP holdfast_x_total X.
# TYPE holdfast_x_total counter
holdfast_x_total{operation="sign-tls13",result="ok"} 3
holdfast_x_total{operation="ping",result="ok"} 4
holdfast_x_total{operation="sign-tls13",result="not \\"authorised\\""} 1
holdfast_y 1.5e-3
`;

Deno.test("samples are read with labels, escapes and exponents", () => {
  const samples = parseExposition(text);
  assert.equal(samples.length, 4);
  assert.deepEqual(samples[2]?.labels, { operation: "sign-tls13", result: 'not "authorised"' });
  assert.equal(samples[3]?.value, 0.0015);
});

Deno.test("a metric is summed over the samples that carry the labels asked for", () => {
  const samples = parseExposition(text);
  assert.equal(sumOf(samples, "holdfast_x_total"), 8);
  assert.equal(sumOf(samples, "holdfast_x_total", { operation: "sign-tls13" }), 4);
  assert.equal(sumOf(samples, "holdfast_x_total", { operation: "sign-tls13", result: "ok" }), 3);
  assert.equal(sumOf(samples, "holdfast_x", {}), 0);
});
