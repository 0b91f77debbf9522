import assert from "node:assert/strict";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { ExtensionType } from "../../shared/tls_constants.ts";
import { extension } from "../../test/peer/hello_builder.ts";
import { ScriptedClient } from "../../test/peer/scripted_client.ts";
import { TestServer } from "../../test/peer/test_server.ts";

const overhead = 16;

/** Lengths of TLSInnerPlaintext of the protected records in a flight. */
function innerLengths(flight: Uint8Array): number[] {
  const lengths: number[] = [];
  for (let at = 0; at < flight.length;) {
    const length = flight[at + 3]! << 8 | flight[at + 4]!;
    if (flight[at] === 23) lengths.push(length - overhead);
    at += 5 + length;
  }
  return lengths;
}

interface Sent {
  readonly handshake: number[];
  readonly data: number[];
}

function send(contentLength: number, padsRecordsTo?: number, recordSizeLimit?: number): Sent {
  using pool = LockedPool.open({ totalBytes: 8192 });
  const extraExtensions = recordSizeLimit === undefined
    ? []
    : [extension(ExtensionType.record_size_limit, (writer) => writer.u16(recordSizeLimit))];
  using client = new ScriptedClient({ pool, fields: { extraExtensions } });
  using server = new TestServer(padsRecordsTo === undefined ? {} : { padsRecordsTo });
  const flight = server.receive(client.start())!;
  client.receive(flight);
  server.receive(client.finished());
  const content = crypto.getRandomValues(new Uint8Array(contentLength));
  server.engine.send(content);
  const data = server.drain()!;
  client.receive(data);
  assert.deepEqual(client.received, content);
  return { handshake: innerLengths(flight), data: innerLengths(data) };
}

Deno.test("nothing is padded by default", () => {
  assert.deepEqual(send(100).data, [101]);
  assert.deepEqual(send(16_384 + 5).data, [16_385, 6]);
});

Deno.test("every protected record is a multiple of the configured length, up to what a record may hold", () => {
  const { handshake, data } = send(100, 256);
  assert(handshake.length > 0 && handshake.every((length) => length % 256 === 0), handshake.join());
  assert.deepEqual(data, [256]);
  assert.deepEqual(send(255, 256).data, [256]);
  assert.deepEqual(send(256, 256).data, [512]);
  assert.deepEqual(send(16_384 + 5, 256).data, [16_385, 256]);
  assert.deepEqual(send(1, 16_384).data, [16_384]);
  assert.deepEqual(send(16_384, 16_384).data, [16_385]);
});

Deno.test("padding keeps to the client's record size limit", () => {
  assert.deepEqual(send(150, 256, 101).data, [101, 101]);
  assert.deepEqual(send(250, 64, 101).data, [101, 101, 64]);
});
