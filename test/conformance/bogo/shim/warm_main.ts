/** The shim as a server, for warm_launcher.sh: prints its port, then runs one test for each connection. */
import { runShim } from "./shim.ts";

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
Deno.stdout.writeSync(new TextEncoder().encode(`${listener.addr.port}\n`));
for await (const connection of listener) serve(connection);

async function serve(connection: Deno.TcpConn): Promise<void> {
  using _connection = connection;
  const { code, stdout, stderr } = await runShim(await readArguments(connection));
  const answer = [code, stdout, stderr].map((field) => `${field}\0`).join("");
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(answer)).catch(() => {});
  writer.releaseLock();
}

/** Their number, then each, all ended by a zero byte. */
async function readArguments(connection: Deno.TcpConn): Promise<string[]> {
  let text = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16 * 1024);
  for (;;) {
    const fields = text.split("\0");
    if (fields.length >= Number(fields[0]) + 2) return fields.slice(1, -1);
    const count = await connection.read(buffer);
    if (count === null) return [];
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}
