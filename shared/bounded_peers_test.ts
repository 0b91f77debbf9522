import assert from "node:assert/strict";
import { BoundedPeers } from "./bounded_peers.ts";

Deno.test("up to the limit nobody has to go", () => {
  const peers = new BoundedPeers<string>(2);
  peers.add("a");
  assert(peers.makeRoom(() => assert.fail("somebody was dismissed")));
});

Deno.test("at the limit the oldest stranger gives way, and counts no more when it is dismissed", () => {
  const peers = new BoundedPeers<string>(3);
  for (const peer of ["served", "first", "second"]) peers.add(peer);
  peers.establish("served");
  const dismissed: [string, number][] = [];
  for (const peer of ["third", "fourth"]) {
    assert(peers.makeRoom((stranger) => dismissed.push([stranger, peers.size])));
    peers.add(peer);
  }
  assert.deepEqual(dismissed, [["first", 2], ["second", 2]]);
  assert.deepEqual([...peers], ["served", "third", "fourth"]);
});

Deno.test("established peers never give way: with the limit full of them there is no room", () => {
  const peers = new BoundedPeers<string>(1);
  peers.add("served");
  peers.establish("served");
  assert.equal(peers.makeRoom(() => assert.fail("somebody was dismissed")), false);
  assert(peers.delete("served"));
  assert(peers.makeRoom(() => assert.fail("somebody was dismissed")));
});

Deno.test("a stranger that has gone is not dismissed, and is forgotten once", () => {
  const peers = new BoundedPeers<string>(2);
  peers.add("gone");
  peers.add("waiting");
  assert(peers.delete("gone"));
  assert.equal(peers.delete("gone"), false);
  peers.add("new");
  const dismissed: string[] = [];
  peers.makeRoom((stranger) => dismissed.push(stranger));
  assert.deepEqual(dismissed, ["waiting"]);
  assert.deepEqual(peers.strangers(), ["new"]);
});
