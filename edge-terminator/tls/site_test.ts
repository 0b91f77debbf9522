import assert from "node:assert/strict";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { ExtensionType, HandshakeType } from "../../shared/tls_constants.ts";
import { decodeEncryptedExtensions } from "../../shared/tls_messages/encrypted_extensions.ts";
import { ScriptedClient } from "../../test/peer/scripted_client.ts";
import { TestServer, testSite } from "../../test/peer/test_server.ts";

Deno.test("a site may keep from clients that it used their server_name", () => {
  for (const acknowledgesServerName of [true, false]) {
    using pool = LockedPool.open({ totalBytes: 8192 });
    using client = new ScriptedClient({ pool, fields: { serverName: "www.holdfast.test" } });
    using server = new TestServer();
    server.site = { ...testSite, acknowledgesServerName };
    client.receive(server.receive(client.start()));
    const message = client.messages.find(({ type }) => type === HandshakeType.encrypted_extensions)!;
    const { known } = decodeEncryptedExtensions(message, new Set([ExtensionType.server_name]));
    assert.equal(known.serverName, acknowledgesServerName ? true : undefined);
  }
});
