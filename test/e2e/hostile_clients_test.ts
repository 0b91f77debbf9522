import assert from "node:assert/strict";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import { greeting } from "../harness/http_backend.ts";
import { poll } from "../harness/poll.ts";
import { type System, withSystem } from "../harness/system.ts";
import { captureClientHello } from "./captured_client_hello.ts";
import { SplittingProxy } from "./splitting_proxy.ts";

/** Sends bytes, ends the write side if asked, and returns all that the edge sends until it closes. */
async function exchange(system: System, bytes: Uint8Array, { end = false } = {}): Promise<Uint8Array> {
  const { host, port } = system.endpoint;
  using connection = await Deno.connect({ hostname: host, port });
  const received: Uint8Array[] = [];
  const reading = (async () => {
    for await (const chunk of connection.readable) received.push(chunk);
  })().catch(() => {});
  const writer = connection.writable.getWriter();
  // The edge may close before it has read all.
  await writer.write(bytes).catch(() => {});
  if (end) await connection.closeWrite().catch(() => {});
  await reading;
  return Uint8Array.from(received.flatMap((chunk) => [...chunk]));
}

/** The one alert record that a plaintext answer must be. RFC 8446, Section 5.1 and 6. */
function alertIn(answer: Uint8Array): number | undefined {
  return answer[0] === 21 && answer.length === 7 && answer[5] === 2 ? answer[6] : undefined;
}

async function stillServes(system: System): Promise<void> {
  const { verified, response, output } = await opensslClient(system.endpoint);
  assert(verified && response.endsWith(greeting), output);
}

/** Pool blocks come back once a connection is over; what stays is the worker's ticket key. */
async function poolIsEmpty(system: System): Promise<void> {
  await poll("an empty pool", async () => await system.edge.metric("holdfast_pool_blocks_used") === 1);
}

Deno.test("hostile clients get a clear alert each, cost bounded memory, and touch nobody else", async (t) => {
  await withSystem(
    { edge: { limits: { handshake_deadline_ms: 1500, key_operation_deadline_ms: 1000 } } },
    async (system) => {
      const hello = await captureClientHello(system.endpoint.serverName);

      await t.step("garbage is answered with an alert", async () => {
        const answer = await exchange(system, new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n".repeat(100)));
        assert.ok(alertIn(answer) !== undefined, answer.toHex());
        await stillServes(system);
      });

      await t.step("random bytes never get more than an alert", async () => {
        for (let round = 0; round < 50; round++) {
          const answer = await exchange(system, crypto.getRandomValues(new Uint8Array(400)), { end: true });
          assert(answer.length === 0 || alertIn(answer) !== undefined, answer.toHex());
        }
        await stillServes(system);
      });

      await t.step("a ClientHello cut short inside its own lengths is a decode_error", async () => {
        const cut = hello.slice();
        // The handshake message says it is 40 bytes shorter than its vectors need.
        const length = cut.length - 5 - 4 - 40;
        cut.set([0x01, length >> 16, length >> 8, length & 0xff], 5);
        const record = cut.subarray(0, 5 + 4 + length);
        record.set([(length + 4) >> 8, (length + 4) & 0xff], 3);
        assert.equal(alertIn(await exchange(system, record)), 50);
      });

      await t.step("a ClientHello that ends with the connection costs nothing more", async () => {
        const answer = await exchange(system, hello.subarray(0, hello.length - 20), { end: true });
        assert(answer.length === 0 || alertIn(answer) !== undefined);
        await stillServes(system);
      });

      await t.step("a ClientHello of 64 KiB is refused before it is whole", async () => {
        const fragment = new Uint8Array(5 + 16384).fill(0);
        fragment.set([22, 3, 1, 0x40, 0x00]);
        fragment.set([1, 1, 0, 0], 5);
        const answer = await exchange(system, fragment);
        assert.ok([47, 50].includes(alertIn(answer) ?? -1), answer.toHex());
      });

      await t.step("a record longer than the protocol allows is a record_overflow", async () => {
        const overflow = new Uint8Array(5 + 20000);
        overflow.set([22, 3, 1, 20000 >> 8, 20000 & 0xff]);
        assert.equal(alertIn(await exchange(system, overflow)), 22);
      });

      await t.step(
        "clients that stall are closed at the handshake deadline, and their blocks come back",
        async () => {
          const stalled = await Promise.all(
            Array.from(
              { length: 50 },
              (_, i) => exchange(system, hello.subarray(0, i % 2 === 0 ? 3 : hello.length)),
            ),
          );
          assert.equal(stalled.length, 50);
          await stillServes(system);
          await poolIsEmpty(system);
        },
      );

      await t.step("a client whose every byte comes alone is served all the same", async () => {
        await using proxy = SplittingProxy.start(system.endpoint);
        const { verified, response, output } = await opensslClient({ ...system.endpoint, ...proxy.address });
        assert(verified && response.endsWith(greeting), output);
      });

      await t.step("after all of it the pool is empty and the worker is the same", async () => {
        await poolIsEmpty(system);
        assert(!system.edge.records.some((record) => /crash|exited/.test(String(record.msg))));
      });
    },
  );
});
