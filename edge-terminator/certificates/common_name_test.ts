import assert from "node:assert/strict";
import { commonNameOf } from "./common_name.ts";

const names: readonly [string, string | undefined][] = [
  ["CN=client.test", "client.test"],
  ["CN=client.test,O=Holdfast,C=DE", "client.test"],
  ["O=Holdfast,C=DE", undefined],
  ["", undefined],
  // The value of one attribute is not another attribute.
  ["O=Holdfast\\,CN=admin", undefined],
  ["O=Holdfast\\+CN=admin,CN=guest", "guest"],
  ['O="Holdfast,CN=admin",CN=guest', "guest"],
  ["OU=x\\\\,CN=guest", "guest"],
  ["OU=a+CN=guest,O=b", "guest"],
  ["CN=guest,CN=department", "guest"],
  ['CN=Doe\\, Jane \\"J\\"', 'Doe, Jane "J"'],
  ["CN=J\\C3\\BCrgen", "Jürgen"],
  ["CN=Jürgen", "Jürgen"],
  ["CN=line\\0Abreak", "line\nbreak"],
  ["CN=#0403020100", undefined],
  ["CN=\\#1", "#1"],
  ["emailAddress=CN@client.test", undefined],
];

for (const [distinguishedName, expected] of names) {
  Deno.test(`the common name of ${JSON.stringify(distinguishedName)} is ${expected ?? "none"}`, () => {
    assert.equal(commonNameOf(distinguishedName), expected);
  });
}
