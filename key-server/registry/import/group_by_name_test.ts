import assert from "node:assert/strict";
import type { GrantConfig } from "../../config.ts";
import type { CertificateEntity } from "../entities/certificate.ts";
import { keyEntity } from "../testing/entities.ts";
import { groupByName, type ImportedKey } from "./group_by_name.ts";

function imported(name: string, ...serverNames: string[]): ImportedKey {
  const certificate = { id: name, serverNames } as unknown as CertificateEntity;
  return { entity: keyEntity(name), certificate: serverNames.length === 0 ? undefined : certificate };
}

function grant(key: string, changes: Partial<GrantConfig> = {}): GrantConfig {
  return {
    edge: "x:y",
    key,
    operations: ["sign-tls13"],
    serverNames: undefined,
    transcript: "hash",
    ...changes,
  };
}

const outcome = (keys: ImportedKey[], grants: GrantConfig[]) =>
  groupByName(keys, grants).map((
    { name, entity },
  ) => [name, entity.bindings.map(({ key }) => key), entity.serverNames]);

Deno.test("keys for the same server names with the same grants share a name, called by the first of them", () => {
  const keys = [imported("ecdsa", "www.test", "a.test"), imported("rsa", "www.test")];
  const shared = [["www.test", ["ecdsa", "rsa"], ["www.test", "a.test"]]];
  assert.deepEqual(outcome(keys, []), shared);
  assert.deepEqual(outcome(keys, [grant("rsa"), grant("ecdsa")]), shared);
});

Deno.test("keys with other grants, other certificates or none have names of their own", () => {
  const keys = [
    imported("ecdsa", "www.test"),
    imported("rsa", "www.test"),
    imported("api", "api.test"),
    imported("bare"),
  ];
  assert.deepEqual(outcome(keys, [grant("ecdsa")]), [
    ["www.test", ["ecdsa"], ["www.test"]],
    ["rsa", ["rsa"], ["www.test"]],
    ["api.test", ["api"], ["api.test"]],
    ["bare", ["bare"], undefined],
  ]);
});

Deno.test("no two names are called the same, and what the registry cannot call a name is called as its key", () => {
  const keys = [imported("a", "b"), imported("b"), imported("c", "_x.test")];
  assert.deepEqual(outcome(keys, []).map(([name]) => name), ["b", "b-2", "c"]);
});
