import assert from "node:assert/strict";
import { CipherSuite } from "../../../../shared/tls_constants.ts";
import { parseCipherList } from "./cipher_list.ts";

Deno.test("a cipher list keeps order and groups of equals, and leaves out what is no AEAD", () => {
  const [, ...groups] = parseCipherList(
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:[TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384|" +
      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256|TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA]:TLS_RSA_WITH_AES_128_CBC_SHA",
  );
  assert.deepEqual(groups, [
    [CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256],
    [
      CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
      CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ],
  ]);
});
