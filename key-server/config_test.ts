import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { ConfigError } from "../shared/config/errors.ts";
import { parseConfig } from "../shared/config/load.ts";
import { keyServerConfigSchema, loadKeyServerConfig } from "./config.ts";
import { isServerNamePattern, permitsName } from "./server_names.ts";

const exampleFile = fileURLToPath(new URL("example.toml", import.meta.url));
const example = await Deno.readTextFile(exampleFile);

Deno.test("the example configuration is valid, and its paths are beside it", async () => {
  const config = await loadKeyServerConfig(exampleFile);
  const folder = fileURLToPath(new URL(".", import.meta.url));
  assert.equal(config.listen?.identity.privateKey, `${folder}key-server.key`);
  assert.equal(config.unix?.peers.get(1000), "spiffe://holdfast.test/edge/local");
  assert.equal(config.unix?.mode, 0o600);
  assert.deepEqual(config.keys.map(({ name, purposes }) => [name, purposes]), [["www-ecdsa", [
    "sign-tls13",
  ]]]);
  assert.equal(config.grants[0]?.transcript, "strict");
});

Deno.test("the limits shown in the example are the defaults", () => {
  const shown = parseConfig(example, "example.toml", keyServerConfigSchema).limits;
  const without = example.replace(/\[limits\][^[]*/, "");
  assert.deepEqual(parseConfig(without, "example.toml", keyServerConfigSchema).limits, shown);
});

const refusals: [string, (text: string) => string, RegExp][] = [
  ["no listener", (text) => text.replace(/\[listen\][\s\S]*?(?=\[limits\])/, ""), /\[listen\] section/],
  [
    "an unknown key",
    (text) => text.replace("sessions = 8", "sesions = 8"),
    /sesions.*did you mean "sessions"/,
  ],
  ["a PIN in clear", (text) => text.replace('"file:token.pin"', '"1234secret"'), /pin .*string.*file:PATH/],
  [
    "a PIN in the URI",
    (text) => text.replace("libsofthsm2.so", "libsofthsm2.so&pin-value=1234secret"),
    /pin-source/,
  ],
  [
    "two sources of the PIN",
    (text) => text.replace("libsofthsm2.so", "libsofthsm2.so&pin-source=file:x"),
    /not both/,
  ],
  ["a token without a module", (text) => text.replace(/\?module-path=[^"]*/, ""), /module-path/],
  ["a key without object or id", (text) => text.replace("object=www-ecdsa;", ""), /object or id/],
  [
    "a key in a token that is not there",
    (text) => text.replace("object=www", "token=x;object=www"),
    /one of \[\[token\]\]/,
  ],
  [
    "the same token twice",
    (text) => `${text}\n${/\[\[token\]\][\s\S]*?(?=\[\[key\]\])/.exec(text)?.[0]}`,
    /not listed before/,
  ],
  [
    "the same key name twice",
    (text) => `${text}\n${/\[\[key\]\][\s\S]*?(?=\[\[grant\]\])/.exec(text)?.[0]}`,
    /no key before/,
  ],
  [
    "a grant of a key that is not there",
    (text) => text.replace('key = "www-ecdsa"', 'key = "api"'),
    /one of \[\[key\]\]/,
  ],
  [
    "a grant beyond the key's purposes",
    (text) => text.replace('operations = ["sign-tls13"]', 'operations = ["sign-tls12"]'),
    /purposes/,
  ],
  [
    "TLS 1.2 in a strict grant",
    (text) => text.replaceAll('["sign-tls13"]', '["sign-tls13", "sign-tls12"]'),
    /TLS 1.2 has no strict/,
  ],
  [
    "names in a hash grant of a key without certificate",
    (text) => text.replace('transcript = "strict"', "").replace(/^certificate = "www.*$/m, ""),
    /does not tell for which name/,
  ],
  ["an edge that is no URI", (text) => text.replace('edge = "spiffe://', 'edge = "'), /URI/],
  ["a server name that is none", (text) => text.replace('"www.holdfast.test",', '"www..test",'), /host name/],
  [
    "RSA key exchange in a strict grant",
    (text) => text.replaceAll('["sign-tls13"]', '["sign-tls13", "rsa-key-exchange"]'),
    /TLS 1.2 has no strict/,
  ],
  ["a port that is none", (text) => text.replace("127.0.0.1:4433", "127.0.0.1:99999"), /address/],
  ["a uid twice", (text) => text.replace("peers = [", 'peers = [{ uid = 1000, identity = "a:b" }, '), /uid/],
  [
    "a broker without certificates",
    (text) => `${text}\n[ticket_hub.nats]\nservers = ["127.0.0.1:4222"]\n`,
    /ticket_hub\.nats\.certificate/,
  ],
  ["no sessions", (text) => text.replace("sessions = 8", "sessions = 0"), /sessions/],
];
for (const [what, change, words] of refusals) {
  Deno.test(`a configuration with ${what} is refused`, () => {
    const text = change(example);
    assert.notEqual(text, example);
    assert.throws(() => parseConfig(text, "ks.toml", keyServerConfigSchema), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, words);
      assert.doesNotMatch(error.message, /1234secret/);
      return true;
    });
  });
}

Deno.test("patterns of server names are host names, one wildcard in front at most, or nothing", () => {
  for (const good of ["", "a", "a.test", "*.a.test", "xn--a.test", "_a.test"]) {
    assert.ok(isServerNamePattern(good), good);
  }
  for (const bad of ["*", "*.test", "a.*.test", "**.a.test", "A.test", "a.test.", ".a", "a b"]) {
    assert.equal(isServerNamePattern(bad), false, bad);
  }
});

Deno.test("a wildcard permits exactly one label, and of wildcards only itself", () => {
  assert.ok(permitsName("*.a.test", "b.a.test"));
  assert.ok(permitsName("*.a.test", "*.a.test"));
  for (const name of ["a.test", "c.b.a.test", ".a.test", "*.b.test", "b.a.test2", ""]) {
    assert.equal(permitsName("*.a.test", name), false, name);
  }
  assert.equal(permitsName("www.a.test", "*.a.test"), false);
});
