/** The edge's TLS engine with its keys in files, echoing: what a handshake takes without a key server. */
import { createPrivateKey } from "node:crypto";
import { localSigner } from "../../../edge-terminator/serve_tls/local_signer.ts";
import { serveTls } from "../../../edge-terminator/serve_tls/serve_tls.ts";

const [hostname, port, chainFile, keyFile] = Deno.args as [string, string, string, string];
const chain = await Deno.readTextFile(chainFile);
const signer = localSigner(createPrivateKey(await Deno.readTextFile(keyFile)));
const server = serveTls({
  hostname,
  port: Number(port),
  certificates: [{ chain, signer }],
  groups: ["x25519", "secp256r1"],
});
Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
for await (const connection of server) {
  connection.readable.pipeTo(connection.writable).catch(() => {}); // a client that goes away is its own affair
}
