/** The first record that `openssl s_client` sends: a whole TLS 1.3 ClientHello for `serverName`, freshly made. */
export async function captureClientHello(serverName: string): Promise<Uint8Array> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const child = new Deno.Command("openssl", {
    args: ["s_client", "-connect", `127.0.0.1:${listener.addr.port}`, "-servername", serverName],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    using connection = await listener.accept();
    return await readRecord(connection);
  } finally {
    // Its server is gone: it ends by itself.
    await child.status;
  }
}

/** RFC 8446, Section 5.1: a header of 5 bytes, the last two of them the length of what follows. */
async function readRecord(connection: Deno.Conn): Promise<Uint8Array> {
  const record = new Uint8Array(5 + (1 << 14));
  let length = 0;
  while (length < 5 || length < 5 + ((record[3]! << 8) | record[4]!)) {
    const read = await connection.read(record.subarray(length));
    if (read === null) throw new Error("Cannot capture a ClientHello: s_client ended early");
    length += read;
  }
  return record.slice(0, length);
}
