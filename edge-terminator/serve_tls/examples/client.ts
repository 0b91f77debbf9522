/** A TLS client: deno run --allow-net --allow-read client.ts HOST PORT NAME ROOT */
const [host = "", port = "8443", name = "", rootFile = ""] = Deno.args;

const tcp = await Deno.connect({ hostname: host, port: Number(port) });
const tls = await Deno.startTls(tcp, {
  hostname: name, // sent as SNI, and looked for in the certificate
  caCerts: [await Deno.readTextFile(rootFile)],
  alpnProtocols: ["http/1.1"],
});

const request = `GET / HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`;
await tls.write(new TextEncoder().encode(request));
await tls.readable.pipeTo(Deno.stdout.writable);
