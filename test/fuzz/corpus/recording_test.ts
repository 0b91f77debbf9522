import assert from "node:assert/strict";
import { HandshakeType, isGrease, NamedGroup } from "../../../shared/tls_constants.ts";
import { decodeClientHello, encodeClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { clearHandshakeMessages, recordedHandshakeMessages } from "./handshake_seeds.ts";
import { readRecordings } from "./recording.ts";

const recordings = readRecordings();

for (const { name, fromClient } of recordings) {
  Deno.test(`the recorded ClientHello of ${name} decodes and encodes to the same bytes`, () => {
    const [hello] = clearHandshakeMessages(fromClient);
    const decoded = decodeClientHello(hello!);
    assert.equal(decoded.known.serverName, "www.holdfast.test");
    assert.deepEqual(encodeClientHello(decoded), hello!.raw);
  });
}

Deno.test("Chromium's ClientHello has GREASE everywhere and a hybrid key share, and is understood", () => {
  const { fromClient } = recordings.find(({ name }) => name === "hello-chromium")!;
  const { cipherSuites, extensions, known } = decodeClientHello(clearHandshakeMessages(fromClient)[0]!);
  assert.ok(isGrease(cipherSuites[0]!));
  assert.ok(isGrease(extensions[0]!.type));
  assert.ok(known.supportedGroups!.some(isGrease));
  assert.ok(known.supportedVersions!.some(isGrease));
  const share = known.keyShare!.find(({ group }) => group === NamedGroup.X25519MLKEM768);
  assert.equal(share?.keyExchange.length, 1184 + 32);
});

Deno.test("the recordings have every handshake message that TLS 1.2 and 1.3 send", () => {
  const types = new Set(recordedHandshakeMessages().map(({ type }) => type));
  const names = Object.entries(HandshakeType).filter(([, type]) => types.has(type)).map(([name]) => name);
  assert.deepEqual(names, [
    "client_hello",
    "server_hello",
    "new_session_ticket",
    "end_of_early_data",
    "encrypted_extensions",
    "certificate",
    "server_key_exchange",
    "certificate_request",
    "server_hello_done",
    "certificate_verify",
    "client_key_exchange",
    "finished",
  ]);
});
