import { concatenate } from "../../shared/codec/concatenate.ts";
import assert from "node:assert/strict";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import {
  AlertDescription,
  ContentType,
  ExtensionType,
  KeyUpdateRequest,
} from "../../shared/tls_constants.ts";
import { encodeKeyUpdate } from "../../shared/tls_messages/key_update.ts";
import { extension, plainRecord } from "../../test/peer/hello_builder.ts";
import { ScriptedClient } from "../../test/peer/scripted_client.ts";
import { TestServer } from "../../test/peer/test_server.ts";

import { completeHandshake, expectAlert, startHandshake } from "../../test/peer/expect_alert.ts";
const bytes = (text: string) => new TextEncoder().encode(text);

expectAlert("a Finished that does not verify", "decrypt_error", "DIGEST_CHECK_FAILED", (pair) => {
  startHandshake(pair);
  pair.server.receive(
    pair.client.finished((message) => message.map((byte, index) => index === 9 ? byte ^ 1 : byte)),
  );
});
expectAlert("a Finished of the wrong length", "decrypt_error", "DIGEST_CHECK_FAILED", (pair) => {
  startHandshake(pair);
  pair.server.receive(
    pair.client.finished((message) => new Uint8Array([20, 0, 0, 31, ...message.subarray(4, 35)])),
  );
});
expectAlert("application data instead of Finished", "unexpected_message", "UNEXPECTED_RECORD", (pair) => {
  startHandshake(pair);
  pair.server.receive(pair.client.seal(ContentType.application_data, bytes("early")));
});
expectAlert(
  "a message behind Finished in its record",
  "unexpected_message",
  "EXCESS_HANDSHAKE_DATA",
  (pair) => {
    startHandshake(pair);
    pair.server.receive(
      pair.client.finished((message) => concatenate([message, encodeKeyUpdate({ requestUpdate: 0 })])),
    );
  },
);
expectAlert("Finished in the clear", "bad_record_mac", "DECRYPTION_FAILED_OR_BAD_RECORD_MAC", (pair) => {
  startHandshake(pair);
  pair.server.receive(
    plainRecord(ContentType.handshake, new Uint8Array([20, 0, 0, 32, ...new Uint8Array(32)])),
  );
});
expectAlert(
  "a record with one bit changed",
  "bad_record_mac",
  "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
  (pair) => {
    completeHandshake(pair);
    const record = pair.client.seal(ContentType.application_data, bytes("hello"));
    record[7]! ^= 1;
    pair.server.receive(record);
  },
);
expectAlert("a record received twice", "bad_record_mac", "DECRYPTION_FAILED_OR_BAD_RECORD_MAC", (pair) => {
  completeHandshake(pair);
  const record = pair.client.seal(ContentType.application_data, bytes("hello"));
  pair.server.receive(concatenate([record, record]));
  assert.equal(new TextDecoder().decode(pair.server.received), "hello", "what came before is delivered");
});
expectAlert(
  "an encrypted record over 2^14 + 256 bytes",
  "record_overflow",
  "ENCRYPTED_LENGTH_TOO_LONG",
  (pair) => {
    completeHandshake(pair);
    pair.server.receive(new Uint8Array([23, 3, 3, 0x41, 1]));
  },
);
expectAlert(
  "an encrypted record with more than 2^14 bytes inside",
  "record_overflow",
  "DATA_LENGTH_TOO_LONG",
  (pair) => {
    completeHandshake(pair);
    pair.client.records.maxSentContent = 2 ** 14 + 1;
    pair.server.receive(pair.client.seal(ContentType.application_data, new Uint8Array(2 ** 14 + 1)));
  },
);
expectAlert("a new handshake inside the old", "unexpected_message", "UNEXPECTED_MESSAGE", (pair) => {
  completeHandshake(pair);
  pair.server.receive(pair.client.seal(ContentType.handshake, pair.client.clientHello()));
});
expectAlert("a change_cipher_spec after the handshake", "unexpected_message", "UNEXPECTED_RECORD", (pair) => {
  completeHandshake(pair);
  pair.server.receive(plainRecord(ContentType.change_cipher_spec, new Uint8Array([1])));
});
expectAlert("a flood of change_cipher_spec", "unexpected_message", "TOO_MANY_EMPTY_FRAGMENTS", (pair) => {
  startHandshake(pair);
  for (let count = 0; count < 40; count++) {
    pair.server.receive(plainRecord(ContentType.change_cipher_spec, new Uint8Array([1])));
  }
});
expectAlert("a change_cipher_spec that says 2", "unexpected_message", "UNEXPECTED_RECORD", (pair) => {
  startHandshake(pair);
  pair.server.receive(plainRecord(ContentType.change_cipher_spec, new Uint8Array([2])));
});
expectAlert("a flood of warnings", "unexpected_message", "TOO_MANY_WARNING_ALERTS", (pair) => {
  completeHandshake(pair);
  for (let count = 0; count < 6; count++) {
    pair.server.receive(pair.client.seal(ContentType.alert, new Uint8Array([1, 90])));
  }
});
expectAlert("a warning that TLS 1.3 has not", "decode_error", "BAD_ALERT", (pair) => {
  completeHandshake(pair);
  pair.server.receive(pair.client.seal(ContentType.alert, new Uint8Array([1, 100])));
});
expectAlert("half an alert", "decode_error", "BAD_ALERT", (pair) => {
  completeHandshake(pair);
  pair.server.receive(pair.client.seal(ContentType.alert, new Uint8Array([2])));
});
expectAlert("L15: a flood of KeyUpdate", "unexpected_message", "TOO_MANY_KEY_UPDATES", (pair) => {
  completeHandshake(pair);
  for (let count = 0; count < 40; count++) pair.server.receive(pair.client.keyUpdate());
});
expectAlert("a KeyUpdate that asks for 2", "illegal_parameter", "DECODE_ERROR", (pair) => {
  completeHandshake(pair);
  pair.server.receive(pair.client.keyUpdate(2 as typeof KeyUpdateRequest.update_requested));
});
expectAlert(
  "data behind a KeyUpdate in its record",
  "unexpected_message",
  "EXCESS_HANDSHAKE_DATA",
  (pair) => {
    completeHandshake(pair);
    const update = encodeKeyUpdate({ requestUpdate: 0 });
    pair.server.receive(pair.client.seal(ContentType.handshake, concatenate([update, update])));
  },
);

Deno.test("a fatal alert ends the connection without an answer", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using client = new ScriptedClient({ pool });
  using server = new TestServer();
  client.receive(server.receive(client.start()));
  const output = server.receive(
    client.seal(ContentType.alert, new Uint8Array([2, AlertDescription.bad_certificate])),
  );
  assert.equal(output, undefined);
  const failed = server.event("failed");
  assert.equal(failed.alertReceived, AlertDescription.bad_certificate);
  assert.equal(failed.alertSent, undefined);
});

Deno.test("an alert in the clear is heard from a client that could not read ServerHello", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using client = new ScriptedClient({ pool });
  using server = new TestServer();
  server.receive(client.start());
  server.receive(plainRecord(ContentType.alert, new Uint8Array([2, AlertDescription.illegal_parameter])));
  assert.equal(server.event("failed").alertReceived, AlertDescription.illegal_parameter);
});

Deno.test("refused early data is skipped, and the handshake completes", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using client = new ScriptedClient({
    pool,
    fields: { extraExtensions: [extension(ExtensionType.early_data, () => {})] },
  });
  using server = new TestServer();
  client.receive(server.receive(client.start()));
  server.receive(plainRecord(ContentType.application_data, new Uint8Array(500)));
  server.receive(client.finished());
  assert.equal(server.engine.state, "connected");
});

expectAlert(
  "early data without end",
  "unexpected_message",
  "TOO_MUCH_SKIPPED_EARLY_DATA",
  ({ client, server }) => {
    client.receive(server.receive(client.start()));
    for (let count = 0; count < 20; count++) {
      server.receive(
        plainRecord(ContentType.application_data, new Uint8Array(1000)),
      );
    }
  },
  { extraExtensions: [extension(ExtensionType.early_data, () => {})] },
);
