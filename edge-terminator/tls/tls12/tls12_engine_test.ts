import { concatenate } from "../../../shared/codec/concatenate.ts";
import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import {
  AlertDescription,
  CipherSuite,
  ContentType,
  ExtensionType,
  HandshakeType,
  NamedGroup,
  ProtocolVersion,
} from "../../../shared/tls_constants.ts";
import { decodeFinished } from "../../../shared/tls_messages/finished.ts";
import { extension, type HelloFields, plainRecord } from "../../../test/peer/hello_builder.ts";
import { ScriptedClient } from "../../../test/peer/scripted_client.ts";
import { ScriptedTls12Client, usualTls12Extensions } from "../../../test/peer/scripted_tls12_client.ts";
import { TestServer } from "../../../test/peer/test_server.ts";
import type { TlsServerOptions } from "../server_options.ts";

interface Pair {
  readonly client: ScriptedTls12Client;
  readonly server: TestServer;
}

function withPair(
  run: (pair: Pair) => void,
  fields: Partial<HelloFields> = {},
  options: Omit<TlsServerOptions, "pool"> = {},
): void {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using client = new ScriptedTls12Client(pool, fields);
  using server = new TestServer(options);
  run({ client, server });
}

const start = ({ client, server }: Pair) => client.receive(server.receive(client.start()));
const exchange = ({ client, server }: Pair) => {
  client.receive(server.receive(client.clientKeyExchange()));
  server.receive(client.changeCipherSpec());
};
const complete = (pair: Pair) => {
  start(pair);
  exchange(pair);
  pair.client.receive(pair.server.receive(pair.client.finished()));
  assert.equal(pair.server.engine.state, "connected");
};

for (
  const suite of [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  ] as const
) {
  for (const group of ["x25519", "secp256r1", "secp384r1"] as const) {
    Deno.test(`${suite} over ${group} connects and carries data both ways`, () => {
      withPair((pair) => {
        complete(pair);
        const { client, server } = pair;
        const { parameters } = server.event("handshake-complete");
        assert.equal(parameters.extendedMasterSecret, true);
        assert.deepEqual(
          [parameters.version, parameters.cipherSuite, parameters.group],
          [ProtocolVersion.TLSv1_2, CipherSuite[suite], NamedGroup[group]],
        );
        const finished = client.messages.at(-1)!;
        assert.deepEqual(decodeFinished(finished).verifyData, client.expectedServerVerifyData);
        server.receive(client.seal(ContentType.application_data, new TextEncoder().encode("ping")));
        assert.equal(new TextDecoder().decode(server.received), "ping");
        const data = new Uint8Array(40_000).map((_, index) => index);
        server.engine.send(data);
        client.receive(server.drain());
        assert.deepEqual(client.received, data);
      }, {
        cipherSuites: [CipherSuite[suite]],
        groups: group === "x25519"
          ? [NamedGroup.x25519, NamedGroup.secp256r1]
          : [NamedGroup[group], NamedGroup.secp256r1],
      }, { groups: [NamedGroup[group]] });
    });
  }
}

Deno.test("ServerHello tells of the downgrade, of secure renegotiation and of the extended master secret", () => {
  withPair((pair) => {
    start(pair);
    const { serverHello } = pair.client;
    assert.equal(serverHello?.random.subarray(24).toHex(), "444f574e47524401");
    assert(serverHello?.kind === "ServerHello12");
    assert.equal(serverHello.known.extendedMasterSecret, true);
    assert.equal(serverHello.known.renegotiationInfo?.length, 0);
  });
});

Deno.test("a server that speaks TLS 1.2 only tells of no downgrade", () => {
  withPair(
    (pair) => {
      start(pair);
      assert.notEqual(pair.client.serverHello?.random.subarray(24, 31).toHex(), "444f574e475244");
    },
    {},
    { versions: ["TLS 1.2"] },
  );
});

Deno.test("without extended master secrets a handshake completes only where they are optional", () => {
  const fields = { extraExtensions: usualTls12Extensions.slice(1) };
  withPair((pair) => {
    start(pair);
    assert.equal(pair.server.event("failed").alertSent, AlertDescription.handshake_failure);
  }, fields);
  withPair(
    (pair) => {
      complete(pair);
      assert.equal(pair.server.event("handshake-complete").parameters.extendedMasterSecret, false);
    },
    fields,
    { requiresExtendedMasterSecret: false },
  );
});

type AlertName = keyof typeof AlertDescription;

function expectAlert(
  name: string,
  alert: AlertName,
  reason: string,
  act: (pair: Pair) => void,
  fields: Partial<HelloFields> = {},
) {
  Deno.test(`TLS 1.2: ${name} is refused with ${alert}`, () => {
    withPair((pair) => {
      act(pair);
      const failed = pair.server.event("failed");
      assert.equal(failed.alertSent, AlertDescription[alert], failed.error.message);
      assert.equal(failed.error.reason, reason);
      assert.equal(pair.server.pool.blocksInUse, 0);
    }, fields);
  });
}

expectAlert("a fallback without need", "inappropriate_fallback", "INAPPROPRIATE_FALLBACK", start, {
  cipherSuites: [CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, CipherSuite.TLS_FALLBACK_SCSV],
});
expectAlert("a suite without ephemeral keys", "handshake_failure", "NO_SHARED_CIPHER", start, {
  cipherSuites: [CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256],
});
expectAlert(
  "an ECDSA suite alone from a client without its curve",
  "handshake_failure",
  "WRONG_CURVE",
  start,
  {
    groups: [NamedGroup.x25519],
  },
);
expectAlert(
  "a client that accepts SHA-1 only",
  "handshake_failure",
  "NO_COMMON_SIGNATURE_ALGORITHMS",
  start,
  {
    signatureSchemes: undefined,
  },
);
expectAlert("a renegotiation_info with content", "handshake_failure", "RENEGOTIATION_MISMATCH", start, {
  extraExtensions: [
    usualTls12Extensions[0]!,
    extension(ExtensionType.renegotiation_info, (writer) => writer.vector8(new Uint8Array(12))),
  ],
});
expectAlert("a share of low order", "illegal_parameter", "BAD_ECPOINT", (pair) => {
  start(pair);
  pair.server.receive(pair.client.clientKeyExchange(new Uint8Array(32)));
});
expectAlert("an early change_cipher_spec", "unexpected_message", "UNEXPECTED_RECORD", (pair) => {
  start(pair);
  pair.server.receive(plainRecord(ContentType.change_cipher_spec, new Uint8Array([1])));
});
expectAlert("Finished without change_cipher_spec", "unexpected_message", "UNEXPECTED_RECORD", (pair) => {
  start(pair);
  pair.server.receive(pair.client.clientKeyExchange());
  pair.server.receive(
    plainRecord(ContentType.handshake, new Uint8Array([20, 0, 0, 12, ...new Uint8Array(12)])),
  );
});
expectAlert(
  "half a message across change_cipher_spec",
  "unexpected_message",
  "UNEXPECTED_RECORD",
  (pair) => {
    start(pair);
    const record = pair.client.clientKeyExchange();
    const message = record.subarray(5);
    pair.server.receive(plainRecord(ContentType.handshake, concatenate([message, new Uint8Array([20, 0])])));
    pair.server.receive(pair.client.changeCipherSpec());
  },
);
expectAlert("a second change_cipher_spec", "unexpected_message", "UNEXPECTED_RECORD", (pair) => {
  start(pair);
  exchange(pair);
  pair.server.receive(pair.client.seal(ContentType.change_cipher_spec, new Uint8Array([1])));
});
expectAlert("a Finished that does not verify", "decrypt_error", "DIGEST_CHECK_FAILED", (pair) => {
  start(pair);
  exchange(pair);
  pair.server.receive(
    pair.client.finished((message) => message.map((byte, index) => index === 4 ? byte ^ 1 : byte)),
  );
});
expectAlert("application data before Finished", "unexpected_message", "UNEXPECTED_RECORD", (pair) => {
  start(pair);
  exchange(pair);
  pair.server.receive(pair.client.seal(ContentType.application_data, new Uint8Array(5)));
});
expectAlert("a renegotiation", "no_renegotiation", "NO_RENEGOTIATION", (pair) => {
  complete(pair);
  pair.server.receive(pair.client.seal(ContentType.handshake, pair.client.start().subarray(5)));
});
expectAlert(
  "a record with one bit changed",
  "bad_record_mac",
  "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
  (pair) => {
    complete(pair);
    const record = pair.client.seal(ContentType.application_data, new Uint8Array(5));
    record[20]! ^= 1;
    pair.server.receive(record);
  },
);

Deno.test("TLS 1.2: close_notify ends one direction at a time and every block is returned", () => {
  withPair((pair) => {
    complete(pair);
    pair.server.receive(pair.client.seal(ContentType.alert, new Uint8Array([1, 0])));
    pair.server.event("close-notify");
    pair.server.engine.send(new Uint8Array(3));
    pair.server.engine.close();
    pair.client.receive(pair.server.drain());
    assert.deepEqual(pair.client.alerts, [{ level: 1, description: 0 }]);
    assert.equal(pair.server.engine.state, "closed");
    assert.equal(pair.server.pool.blocksInUse, 0);
  });
});

Deno.test("a client of both versions gets TLS 1.3", () => {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using client = new ScriptedClient({ pool, fields: { versions: [0x0303, 0x0304] } });
  using server = new TestServer();
  client.receive(server.receive(client.start()));
  assert.equal(client.messageTypes.includes(HandshakeType.encrypted_extensions), true);
});
