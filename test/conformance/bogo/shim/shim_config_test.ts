import assert from "node:assert/strict";
import { parseFlags, UnknownFlagError } from "./shim_config.ts";

Deno.test("a flag without a prefix holds for every connection", () => {
  const { initial, resume } = parseFlags(["-async", "-port", "4711", "-curves", "29", "-curves", "23"]);
  for (const { flags } of [initial, resume]) {
    assert.deepEqual(flags, { async: true, port: 4711, curves: [29, 23] });
  }
});

Deno.test("-on-initial-, -on-resume- and -on-retry- say for which connection a flag is", () => {
  const { initial, resume } = parseFlags([
    ...["-on-initial-select-alpn", "foo", "-on-resume-select-alpn", ""],
    ...["-on-resume-verify-fail", "-on-retry-async"],
  ]);
  assert.deepEqual(initial.flags, { "select-alpn": "foo" });
  assert.deepEqual(resume.flags, { "select-alpn": "", "verify-fail": true });
});

Deno.test("a flag after -new-x509-credential is for that credential, one before it for the default one", () => {
  const { initial } = parseFlags([
    ...["-cert-file", "default.pem", "-signing-prefs", "2052"],
    ...["-new-x509-credential", "-cert-file", "0.pem", "-must-match-issuer"],
    ...["-new-x509-credential", "-cert-file", "1.pem", "-ocsp-response", "AQI="],
    ...["-expect-selected-credential", "-1"],
  ]);
  assert.deepEqual(initial.defaultCredential, { "cert-file": "default.pem", "signing-prefs": [2052] });
  assert.deepEqual(initial.credentials, [
    { "cert-file": "0.pem", "must-match-issuer": true },
    { "cert-file": "1.pem", "ocsp-response": new Uint8Array([1, 2]) },
  ]);
  assert.deepEqual(initial.flags, { "expect-selected-credential": -1 });
});

Deno.test("a flag that is not known is refused, with or without a prefix", () => {
  for (const flag of ["-dtls", "-on-resume-quic", "async", "-"]) {
    assert.throws(
      () => parseFlags([flag]),
      (error) => error instanceof UnknownFlagError && error.flag === flag,
    );
  }
});

Deno.test("a value that is missing or of another kind is refused", () => {
  for (const args of [["-port"], ["-port", "x"], ["-ocsp-response", "*"]]) {
    assert.throws(() => parseFlags(args), TypeError);
  }
});
