import assert from "node:assert/strict";
import * as tlsConstants from "./tls_constants.ts";
import { AlertDescription, CipherSuite, isGrease, NamedGroup, nameOf } from "./tls_constants.ts";

Deno.test("no table gives one number two names", () => {
  for (const [name, table] of Object.entries(tlsConstants)) {
    if (typeof table !== "object") continue;
    const numbers = Object.values(table);
    assert.equal(new Set(numbers).size, numbers.length, name);
  }
});

Deno.test("a number's name is found, and an unknown number is shown in hexadecimal", () => {
  assert.equal(nameOf(CipherSuite, 0x1301), "TLS_AES_128_GCM_SHA256");
  assert.equal(nameOf(NamedGroup, 0x11ec), "X25519MLKEM768");
  assert.equal(nameOf(AlertDescription, 40), "handshake_failure");
  assert.equal(nameOf(CipherSuite, 0x1399), "0x1399");
  assert.equal(nameOf(CipherSuite, 0x3a3a), "GREASE (0x3a3a)");
});

Deno.test("GREASE is exactly the sixteen values of RFC 8701", () => {
  const grease = Array.from({ length: 0x10000 }, (_, value) => value).filter(isGrease);
  assert.deepEqual(grease, Array.from({ length: 16 }, (_, index) => (index << 12) | 0x0a0a | (index << 4)));
});
