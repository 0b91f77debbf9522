import assert from "node:assert/strict";
import net from "node:net";
import { closeDescriptor, isCloseOnExec, memfdSecret, setCloseOnExec } from "./bindings.ts";
import { LibcError } from "./errors.ts";
import { localPort, openReusePortListener, peerCredentials } from "./sockets.ts";

for (const address of ["127.0.0.1", "::1"]) {
  Deno.test(`two listeners share one port of ${address}, and Deno serves on a descriptor`, async () => {
    const first = openReusePortListener(address, 0);
    const port = localPort(first);
    const second = openReusePortListener(address, port);
    assert.equal(localPort(second), port);
    closeDescriptor(first); // all connections now reach the second
    const server = net.createServer((socket) => socket.end("served"));
    await new Promise<void>((resolve) => server.listen({ fd: second }, resolve));
    try {
      const client = net.connect({ host: address, port });
      const chunks = await Array.fromAsync(client as AsyncIterable<Uint8Array>);
      assert.equal(new TextDecoder().decode(chunks[0]), "served");
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
}

Deno.test("a listener on a port held without SO_REUSEPORT fails with EADDRINUSE", async () => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  try {
    assert.throws(
      () => openReusePortListener("127.0.0.1", port),
      (error) => error instanceof LibcError && error.errno === 98 && /EADDRINUSE/.test(error.message),
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

for (
  const [address, port] of [["localhost", 80], ["127.0.0.1", 65536], ["127.0.0.1", -1], [
    "fe80::1%lo",
    80,
  ]] as const
) {
  Deno.test(`${address} with port ${port} is refused as an address`, () => {
    assert.throws(() => openReusePortListener(address, port), { code: "invalid-address" });
  });
}

Deno.test("new descriptors are close-on-exec until that is cleared", () => {
  const fd = openReusePortListener("127.0.0.1", 0);
  try {
    assert.equal(isCloseOnExec(fd), true);
    setCloseOnExec(fd, false);
    assert.equal(isCloseOnExec(fd), false);
    setCloseOnExec(fd, true);
    assert.equal(isCloseOnExec(fd), true);
  } finally {
    closeDescriptor(fd);
  }
  const secret = memfdSecret();
  if (secret >= 0) {
    assert.equal(isCloseOnExec(secret), true);
    closeDescriptor(secret);
  }
});

Deno.test("the credentials of a unix peer are the kernel's", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/socket`;
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const accepted = new Promise<net.Socket>((resolve) => server.once("connection", resolve));
  const client = net.connect(path);
  try {
    const socket = await accepted;
    const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
    assert.deepEqual(peerCredentials(fd), { pid: Deno.pid, uid: Deno.uid(), gid: Deno.gid() });
    socket.destroy();
  } finally {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
    await Deno.remove(folder, { recursive: true });
  }
});
