import { concatenate } from "../../shared/codec/concatenate.ts";
import { ContentType, ExtensionType, HandshakeType, NamedGroup } from "../../shared/tls_constants.ts";
import { buildMessage, extension, type HelloFields, plainRecord } from "../../test/peer/hello_builder.ts";

import { expectAlert, startHandshake } from "../../test/peer/expect_alert.ts";
const bytes = (text: string) => new TextEncoder().encode(text);

expectAlert("a ClientHello cut short", "decode_error", "CLIENTHELLO_PARSE_FAILED", ({ client, server }) => {
  const body = client.clientHello().subarray(4, 60);
  server.receive(
    plainRecord(
      ContentType.handshake,
      buildMessage(HandshakeType.client_hello, (writer) => writer.bytes(body)),
    ),
  );
});
expectAlert("a ClientHello of 64 KiB", "illegal_parameter", "EXCESSIVE_MESSAGE_SIZE", ({ server }) => {
  const message = buildMessage(HandshakeType.client_hello, (writer) => writer.bytes(new Uint8Array(65_536)));
  for (let at = 0; at < message.length; at += 16_384) {
    server.receive(plainRecord(ContentType.handshake, message.subarray(at, at + 16_384)));
  }
});
expectAlert(
  "garbage",
  "unexpected_message",
  "UNEXPECTED_RECORD",
  ({ server }) => server.receive(new Uint8Array([99, 3, 1, 0, 1, 0])),
);
expectAlert(
  "a record of SSL 2",
  "protocol_version",
  "WRONG_VERSION_NUMBER",
  ({ server }) => server.receive(new Uint8Array([22, 2, 0, 0, 4, 1, 0, 0, 0])),
);
expectAlert(
  "a plaintext record over 2^14 bytes",
  "record_overflow",
  "DATA_LENGTH_TOO_LONG",
  ({ server }) => server.receive(new Uint8Array([22, 3, 1, 0x40, 1, ...new Uint8Array(0x4001)])),
);
expectAlert(
  "another message than ClientHello",
  "unexpected_message",
  "UNEXPECTED_MESSAGE",
  ({ server }) => server.receive(plainRecord(ContentType.handshake, new Uint8Array([20, 0, 0, 0]))),
);
expectAlert("a client of TLS 1.1", "protocol_version", "UNSUPPORTED_PROTOCOL", startHandshake, {
  legacyVersion: 0x0302,
  versions: undefined,
});
expectAlert("a client without a common suite", "handshake_failure", "NO_SHARED_CIPHER", startHandshake, {
  cipherSuites: [0x1305],
});
expectAlert("a client without a common group", "handshake_failure", "NO_SHARED_GROUP", startHandshake, {
  groups: [NamedGroup.secp521r1],
  keyShares: [],
});
expectAlert("a ClientHello without key_share", "missing_extension", "MISSING_KEY_SHARE", startHandshake, {
  keyShares: undefined,
});
expectAlert(
  "a ClientHello with compression",
  "illegal_parameter",
  "INVALID_COMPRESSION_LIST",
  startHandshake,
  { compressionMethods: [1, 0] },
);
expectAlert("a key share of low order", "illegal_parameter", "BAD_ECPOINT", startHandshake, {
  keyShares: [{ group: NamedGroup.x25519, keyExchange: new Uint8Array(32) }],
});
expectAlert("a key share of the wrong length", "illegal_parameter", "BAD_ECPOINT", startHandshake, {
  keyShares: [{ group: NamedGroup.x25519, keyExchange: new Uint8Array(31) }],
});
expectAlert(
  "data behind the ClientHello",
  "unexpected_message",
  "EXCESS_HANDSHAKE_DATA",
  ({ client, server }) => {
    server.receive(
      plainRecord(ContentType.handshake, concatenate([client.clientHello(), new Uint8Array([20])])),
    );
  },
);
expectAlert(
  "a change_cipher_spec before the ClientHello",
  "unexpected_message",
  "UNEXPECTED_RECORD",
  ({ server }) => server.receive(plainRecord(ContentType.change_cipher_spec, new Uint8Array([1]))),
);
expectAlert(
  "application data before the handshake",
  "unexpected_message",
  "UNEXPECTED_RECORD",
  ({ server }) => server.receive(plainRecord(ContentType.application_data, bytes("x"))),
);

const withoutShare: Partial<HelloFields> = {
  groups: [NamedGroup.secp256r1, NamedGroup.x25519],
  keyShares: [],
};
expectAlert(
  "a second ClientHello with another random",
  "illegal_parameter",
  "SECOND_CLIENTHELLO_MISMATCH",
  ({ client, server }) => {
    client.receive(server.receive(client.start()));
    client.fields.random = new Uint8Array(32);
    server.receive(client.restart(NamedGroup.x25519));
  },
  withoutShare,
);
expectAlert(
  "a second ClientHello with one extension more",
  "illegal_parameter",
  "SECOND_CLIENTHELLO_MISMATCH",
  ({ client, server }) => {
    client.receive(server.receive(client.start()));
    client.fields.extraExtensions = [extension(ExtensionType.post_handshake_auth, () => {})];
    server.receive(client.restart(NamedGroup.x25519));
  },
  withoutShare,
);
expectAlert(
  "a second ClientHello with another group's share",
  "illegal_parameter",
  "WRONG_CURVE",
  ({ client, server }) => {
    client.receive(server.receive(client.start()));
    server.receive(client.restart(NamedGroup.secp256r1));
  },
  withoutShare,
);
