import assert from "node:assert/strict";
import { writeIdentity } from "../../certs/write.ts";
import { edgeIdentity, keyServerName } from "../../test/harness/identities.ts";
import { Installation } from "../../test/harness/installation.ts";
import { ownLoopbackAddress } from "../../test/harness/loopback.ts";
import { opensslClient } from "../../test/harness/clients/openssl_client.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { openRemoteSigner } from "../keyless/remote_signer.ts";
import { serveTls } from "./serve_tls.ts";

Deno.test("a program serves with a key that only its key server has, in TLS 1.3 and 1.2", async () => {
  await using folder = await TemporaryFolder.create();
  const installation = await Installation.create({ folder: folder.path, host: ownLoopbackAddress() });
  await using keyServer = await installation.startKeyServer();
  await writeIdentity(folder.path, "app", await installation.pki.edgeIdentity(edgeIdentity("pop1")));
  const signer = openRemoteSigner({
    keyServers: [{
      name: keyServerName,
      address: installation.address("keyServer"),
      ca: installation.file("key-server-ca.pem"),
    }],
    identity: { certificate: folder.file("app.pem"), privateKey: folder.file("app.key") },
    transcript: "hash",
  });
  await using server = serveTls({
    hostname: installation.host,
    port: 0,
    certificates: [{ chain: await Deno.readTextFile(installation.file("www-ecdsa.pem")), signer }],
  });
  const endpoint = {
    ...await server.address,
    serverName: installation.names[0],
    rootFile: installation.file("web-root.pem"),
  };
  const serving = (async () => {
    for await (const connection of server) {
      await connection.writable.getWriter().write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\nkeyless"));
      await connection.close();
    }
  })();
  for (const [version, operation] of [["1.3", "sign-tls13"], ["1.2", "sign-tls12"]] as const) {
    const result = await opensslClient(endpoint, { version });
    assert(result.verified && result.response.endsWith("keyless"), result.output);
    const signed = { operation, result: "ok" };
    assert.equal(await keyServer.metric("holdfast_key_server_operations_total", signed), 1);
  }
  await server.close();
  await serving;
  await signer.close();
});
