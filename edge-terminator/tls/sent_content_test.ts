import assert from "node:assert/strict";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { ContentType } from "../../shared/tls_constants.ts";
import { ScriptedClient } from "../../test/peer/scripted_client.ts";
import { ScriptedTls12Client } from "../../test/peer/scripted_tls12_client.ts";
import { TestServer } from "../../test/peer/test_server.ts";

const maxSentContent = 100;
/** Room for a content type and a tag. */
const overhead = 17 + 8;

/** Every record of these types in a flight is of the configured size at most, and some record is that long. */
function checkRecords(bytes: Uint8Array, types: readonly number[]): void {
  const lengths: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes[at + 3]! << 8 | bytes[at + 4]!;
    if (types.includes(bytes[at]!)) lengths.push(length);
    at += 5 + length;
  }
  assert(Math.max(...lengths) >= maxSentContent, lengths.join());
  assert(Math.max(...lengths) <= maxSentContent + overhead, lengths.join());
}

Deno.test("TLS 1.3: no record carries more than maxSentContent, handshake or not", () => {
  using pool = LockedPool.open({ totalBytes: 8192 });
  using client = new ScriptedClient({ pool });
  using server = new TestServer({ maxSentContent });
  const flight = server.receive(client.start())!;
  checkRecords(flight, [ContentType.application_data]);
  client.receive(flight);
  server.receive(client.finished());
  server.engine.send(new Uint8Array(1000));
  checkRecords(server.drain()!, [ContentType.application_data]);
});

Deno.test("TLS 1.2: no record carries more than maxSentContent, in the clear or not", () => {
  using pool = LockedPool.open({ totalBytes: 8192 });
  using client = new ScriptedTls12Client(pool);
  using server = new TestServer({ maxSentContent });
  const flight = server.receive(client.start())!;
  checkRecords(flight, [ContentType.handshake]);
  client.receive(flight);
  server.receive(client.clientKeyExchange());
  server.receive(client.changeCipherSpec());
  server.receive(client.finished());
  server.engine.send(new Uint8Array(1000));
  checkRecords(server.drain()!, [ContentType.application_data]);
});
