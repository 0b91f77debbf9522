import assert from "node:assert/strict";
import { connect } from "node:net";
import { closeDescriptor } from "../../shared/libc/bindings.ts";
import { localPort, openReusePortListener, waitingConnections } from "../../shared/libc/sockets.ts";
import { poll } from "../../test/harness/poll.ts";
import { AcceptWatch } from "./accept_watch.ts";

Deno.test("a listener is dead after four looks at a queue of which nothing was taken, not before", () => {
  const watch = new AcceptWatch(() => 1);
  assert.deepEqual([watch.look(), watch.look(), watch.look(), watch.look()], [false, false, false, true]);
});

Deno.test("an empty queue and an accepted connection each show that a listener lives", () => {
  let waiting = 3;
  const watch = new AcceptWatch(() => waiting);
  const lookThrice = () => [watch.look(), watch.look(), watch.look()];
  assert.deepEqual(lookThrice(), [false, false, false]);
  watch.accepted();
  assert.deepEqual(lookThrice(), [false, false, false]);
  waiting = 0;
  assert.equal(watch.look(), false);
  waiting = 3;
  assert.deepEqual(lookThrice(), [false, false, false]);
  assert.equal(watch.look(), true);
});

Deno.test("the kernel tells how many connections wait in a listening socket's queue", async () => {
  const fd = openReusePortListener("127.0.0.1", 0);
  try {
    assert.equal(waitingConnections(fd), 0);
    const clients = [1, 2, 3].map(() => connect(localPort(fd), "127.0.0.1").on("error", () => {}));
    await poll("three", () => waitingConnections(fd) === 3);
    for (const client of clients) client.destroy();
  } finally {
    closeDescriptor(fd);
  }
});
