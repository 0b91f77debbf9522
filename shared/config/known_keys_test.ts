import assert from "node:assert/strict";
import fc from "fast-check";
import { nearestName } from "./known_keys.ts";

Deno.test("the nearest name is found for slips of the hand, and none for a stranger", () => {
  const names = ["address", "certificate", "private_key"];
  assert.equal(nearestName("adress", names), "address");
  assert.equal(nearestName("certifcate", names), "certificate");
  assert.equal(nearestName("privatekey", names), "private_key");
  assert.equal(nearestName("frobnicate", names), undefined);
});

Deno.test("a name with one character left out is nearest to itself", () => {
  fc.assert(fc.property(fc.stringMatching(/^[a-z]{4,12}$/), fc.nat(), (name, position) => {
    const cut = position % name.length;
    return nearestName(name.slice(0, cut) + name.slice(cut + 1), ["XXXXXXXXXXXXXXXX", name]) === name;
  }));
});
