import assert from "node:assert/strict";
import { DevelopmentPki } from "../certs/dev_pki.ts";
import { writeIdentity, writePublic, writeRoots } from "../certs/write.ts";
import { ConfigError } from "../shared/config/errors.ts";
import { parseConfig } from "../shared/config/load.ts";
import { TemporaryFolder } from "../test/harness/temporary_folder.ts";
import { siteChain } from "./certificates/test_certificates.ts";
import { checkIdentity, edgeConfigSchema, loadEdgeConfig, siteEntries } from "./config.ts";
import { SiteTable } from "./certificates/site_table.ts";

const pki = await DevelopmentPki.create();
const example = await Deno.readTextFile(new URL("./example.toml", import.meta.url));
const ecdsaChain = await siteChain(pki, "ecdsa-p256");
const rsaChain = await siteChain(pki, "rsa");

/** A folder with every file that the example names. */
async function exampleFolder(): Promise<TemporaryFolder> {
  const folder = await TemporaryFolder.create();
  await writeRoots(folder.path, pki);
  await writeIdentity(folder.path, "edge-pop1", await pki.edgeIdentity("spiffe://holdfast.test/edge/pop1"));
  await writePublic(folder.file("www-ecdsa.pem"), ecdsaChain);
  await writePublic(folder.file("www-rsa.pem"), rsaChain);
  await Deno.writeTextFile(folder.file("edge.toml"), example);
  return folder;
}

/** The message of the refusal of the example after `change`. */
async function refusal(change: (text: string) => string, folder?: TemporaryFolder): Promise<string> {
  await using fresh = folder === undefined ? await exampleFolder() : undefined;
  const file = (folder ?? fresh)!.file("edge.toml");
  const text = change(example);
  await Deno.writeTextFile(file, text);
  try {
    await loadEdgeConfig(file);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.ok(error.message.includes(file), error.message);
    return error.message;
  }
  throw new assert.AssertionError({ message: "the configuration was accepted" });
}

Deno.test("the example is valid, and its files are found beside it", async () => {
  await using folder = await exampleFolder();
  const config = await loadEdgeConfig(folder.file("edge.toml"));
  assert.deepEqual(config.listen, [{ host: "127.0.0.1", port: 8443 }]);
  assert.deepEqual(config.keyServers, [{
    name: "key-server.holdfast.test",
    address: { host: "127.0.0.1", port: 4433 },
    ca: folder.file("key-server-ca.pem"),
  }]);
  assert.equal(config.identity.privateKey, folder.file("edge-pop1.key"));
  assert.deepEqual(config.sites[0]?.certificates.map(({ keyType }) => keyType), ["ecdsa-p256", "rsa"]);
  assert.deepEqual(config.limits, {
    connections: 10000,
    handshakeDeadline: 10000,
    keyOperationDeadline: 3000,
    drainDeadline: 10_000,
  });
  assert.equal(new SiteTable(siteEntries(config)).find("WWW.holdfast.test")?.name, "www.holdfast.test");
  assert.equal(new SiteTable(siteEntries(config)).find(undefined)?.backend, config.sites[0]?.backend);
  await checkIdentity(folder.file("edge.toml"), config);
});

Deno.test("what the example gives as a default is the default", () => {
  const full = parseConfig(example, "example.toml", edgeConfigSchema);
  const sparse = example
    .replace(
      /^(workers|alpn|proxy_protocol|transcript|connections|.*_deadline_ms|pool_bytes|backing|level) .*$/gm,
      "",
    )
    .replace(
      /^(versions|extended_master_secret|certificate_compression|pad_records_to|rsa_key_exchange|session_cache|session_peers|groups) .*$/gm,
      "",
    )
    .replace(/^(source|count|lifetime_s|new_key_every_s|key_opens_for_s|key_waits_for_s) .*$/gm, "")
    .replace(/^cipher_suites = \[[^\]]*\]$/m, "")
    .replace(/^\[(tls|tickets|limits|memory|log)\].*$/gm, "");
  assert.deepEqual(parseConfig(sparse, "sparse.toml", edgeConfigSchema), full);
});

Deno.test("a key server on this host is named by its socket alone", async () => {
  await using folder = await exampleFolder();
  const unix = example.replace(
    /^address = "127.0.0.1:4433"\nname = .*\nca = .*$/m,
    'unix = "run/key-server.sock"',
  );
  await Deno.writeTextFile(folder.file("edge.toml"), unix);
  const path = folder.file("run/key-server.sock");
  assert.deepEqual((await loadEdgeConfig(folder.file("edge.toml"))).keyServers, [{ path }]);
});

const replacing = (from: string | RegExp, to: string) => (text: string) => {
  assert.notEqual(text.replace(from, to), text, "the example has changed");
  return text.replace(from, to);
};

/** What is wrong, how it is made so, and what the error must say: key, shape, expectation. */
const mistakes: [string, (text: string) => string, RegExp][] = [
  [
    "an unknown key",
    replacing("workers = 0", "worker = 0"),
    /worker is not a known key; did you mean "workers"/,
  ],
  [
    "an unknown key in a site",
    replacing("alpn = ", "alpm = "),
    /site\[0\]\.alpm is not a known key; did you mean "alpn"/,
  ],
  [
    "a number out of bounds",
    replacing("workers = 0", "workers = 257"),
    /workers is an integer; expected <=\s*256/,
  ],
  [
    "a fraction",
    replacing("connections = 10000", "connections = 0.5"),
    /limits\.connections is a decimal number; expected int/,
  ],
  ["no listener", replacing(/^\[\[listen\]\][^]*?(?=^\[)/m, ""), /listen is missing; expected array/],
  [
    "no key server",
    replacing(/^\[\[key_server\]\][^]*?(?=^\[)/m, ""),
    /key_server is missing; expected array/,
  ],
  [
    "an empty list of key servers",
    (text) => `key_server = []\n${text.replace(/^\[\[key_server\]\][^]*?(?=^\[)/m, "")}`,
    /key_server is an array of 0 elements; expected >=\s*1/,
  ],
  [
    "a listener's address",
    replacing("127.0.0.1:8443", "8443"),
    /listen\[0\]\.address is a string of 4 characters; expected an address "host:port"/,
  ],
  [
    "a listener on port 0",
    replacing("127.0.0.1:8443", "127.0.0.1:0"),
    /listen\[0\]\.address .* expected an address with a port from 1/,
  ],
  [
    "a backend without a port",
    replacing("127.0.0.1:8080", "backend"),
    /site\[0\]\.backend is a string of 7 characters; expected .*unix:\/path/,
  ],
  [
    "a socket whose path has a comma",
    replacing('"127.0.0.1:8080"', '"unix:/run/a,b.sock"'),
    /site\[0\]\.backend is a string of 18 characters; expected a path without a comma/,
  ],
  [
    "a key server without an authority",
    replacing(/^ca = .*$/m, ""),
    /key_server\[0\]\.ca is missing; expected string/,
  ],
  [
    "a key server by both ways",
    replacing(/^ca = .*$/m, '$&\nunix = "/run/x"'),
    /key_server\[0\]\.unix is not a known key/,
  ],
  [
    "a wildcard for a key server",
    replacing("key-server.holdfast.test", "*.holdfast.test"),
    /key_server\[0\]\.name .*no wildcard/,
  ],
  [
    "a site named by an address",
    replacing('"www.holdfast.test"', '"127.0.0.1"'),
    /site\[0\]\.names\[0\] is a string of 9 characters; expected a host name/,
  ],
  [
    "a site without names",
    replacing('["www.holdfast.test"]', "[]"),
    /site\[0\]\.names is an array of 0 elements; expected >=\s*1/,
  ],
  [
    "a name given twice",
    replacing('["www.holdfast.test"]', '["www.holdfast.test", "WWW.holdfast.test"]'),
    /site\[0\]\.names\[1\] is a string of 17 characters; expected one that no earlier entry has/,
  ],
  [
    "a certificate given twice",
    replacing('"www-rsa.pem"', '"www-ecdsa.pem"'),
    /site\[0\]\.certificates\[1\] .*expected one that no earlier entry has/,
  ],
  [
    "a certificate given twice, once with a staple",
    replacing('"www-rsa.pem"', '{ chain = "www-ecdsa.pem", ocsp = "www.ocsp" }'),
    /site\[0\]\.certificates\[1\] .*expected one that no earlier entry has/,
  ],
  [
    "a staple without its certificate",
    replacing('"www-rsa.pem"', '{ ocsp = "www.ocsp" }'),
    /site\[0\]\.certificates\[1\]\.chain .*is missing/,
  ],
  [
    "a key of a certificate's entry that there is not",
    replacing('"www-rsa.pem"', '{ chain = "www-rsa.pem", oscp = "www.ocsp" }'),
    /site\[0\]\.certificates\[1\]\.oscp .*did you mean "ocsp"/,
  ],
  [
    "an unknown transcript form",
    replacing('transcript = "hash"', 'transcript = "raw"'),
    /tls\.transcript is a string of 3 characters; expected .*"hash"\|"strict"/,
  ],
  ["a version of before", replacing('"1.2", ', '"1.1", '), /tls\.versions\[0\] is a string .*"1\.2"\|"1\.3"/],
  [
    "a suite that is not spoken",
    replacing('"TLS_AES_128_GCM_SHA256"', '"TLS_RSA_WITH_AES_128_CBC_SHA"'),
    /tls\.cipher_suites\[0\] is a string of 28 characters; expected .*"TLS_AES_128_GCM_SHA256"/,
  ],
  [
    "no suite for a version",
    replacing(/^cipher_suites = \[[^\]]*\]/m, 'cipher_suites = ["TLS_AES_128_GCM_SHA256"]'),
    /tls\.cipher_suites is an array of 1 element; expected a suite of TLS 1\.2, which tls\.versions has/,
  ],
  [
    "no suite for TLS 1.3",
    replacing(/"TLS_(AES|CHA)\w+",/g, ""),
    /tls\.cipher_suites is an array of 6 elements; expected a suite of TLS 1\.3/,
  ],
  [
    "a group that is not spoken",
    replacing('"x25519"', '"x448"'),
    /tls\.groups\[1\] is a string of 4 characters; expected .*"x25519"/,
  ],
  [
    "a group twice",
    replacing('"x25519"', '"secp256r1"'),
    /tls\.groups\[2\] .*expected one that no earlier entry has/,
  ],
  [
    "no group for TLS 1.2",
    replacing(/^groups = .*$/m, 'groups = ["X25519MLKEM768"]'),
    /tls\.groups .*expected a group of TLS 1\.2, which tls\.versions has: one without ML-KEM/,
  ],
  [
    "RSA key exchange without TLS 1.2",
    (text: string) =>
      text.replace('versions = ["1.2", "1.3"]', 'versions = ["1.3"]').replace(
        "rsa_key_exchange = false",
        "rsa_key_exchange = true",
      ),
    /tls\.rsa_key_exchange is a boolean; expected false, as only TLS 1\.2 has it/,
  ],
  [
    "a key operation longer than the handshake",
    replacing("key_operation_deadline_ms = 3000", "key_operation_deadline_ms = 20000"),
    /limits\.key_operation_deadline_ms is an integer; expected no more than/,
  ],
  [
    "an identity that is missing",
    replacing("edge-pop1.pem", "nowhere.pem"),
    /identity\.certificate names a file that cannot be used: .*nowhere\.pem: there is no such file/,
  ],
  [
    "a certificate that is missing",
    replacing("www-rsa.pem", "nowhere.pem"),
    /site\[0\]\.certificates\[1\] names a file .*nowhere\.pem: there is no such file/,
  ],
  [
    "a certificate that is none",
    replacing("www-rsa.pem", "edge.toml"),
    /site\[0\]\.certificates\[1\] .*edge\.toml: it holds no PEM certificate/,
  ],
  [
    "a name that no certificate covers",
    replacing('["www.holdfast.test"]', '["www.holdfast.test", "x.holdfast.test"]'),
    /site\[0\]\.certificates\[0\] .*its names \(www\.holdfast\.test\) do not cover x\.holdfast\.test/,
  ],
  [
    "an identity without a URI",
    replacing("edge-pop1.pem", "www-ecdsa.pem"),
    /identity\.certificate .*has 0 URIs .*not one/,
  ],
  [
    "L16: a key in place of a certificate",
    replacing("www-rsa.pem", "edge-pop1.key"),
    /site\[0\]\.certificates\[1\] .*it contains a PRIVATE KEY/,
  ],
  [
    "L16: a key in place of an authority",
    replacing("key-server-ca.pem", "edge-pop1.key"),
    /key_server\[0\]\.ca .*contains a PRIVATE KEY/,
  ],
];

for (const [mistake, change, message] of mistakes) {
  Deno.test(`refused with file, key and expectation: ${mistake}`, async () => {
    assert.match(await refusal(change), message);
  });
}

Deno.test("a second default site and a repeated listener are refused at their own place", async () => {
  const site = example.slice(example.indexOf("[[site]]"), example.indexOf("[tls]"));
  const message = await refusal((text) =>
    `${text}\n${site.replace("www.h", "b.h")}\n[[listen]]\naddress = "127.0.0.1:8443"\n`
  );
  assert.match(message, /2 problems/);
  assert.match(
    message,
    /:\d+: site\[1\]\.default is a boolean; expected false: site\[0\] is the default already/,
  );
  assert.match(
    message,
    /:\d+: listen\[1\]\.address is a string of 14 characters; expected one that no earlier/,
  );
});

Deno.test("a certificate's OCSP response is found beside the file, which need not be there yet", async () => {
  await using folder = await exampleFolder();
  const file = folder.file("edge.toml");
  await Deno.writeTextFile(
    file,
    example.replace('"www-rsa.pem"]', '{ chain = "www-rsa.pem", ocsp = "www.ocsp" }]'),
  );
  const { sites, staples } = await loadEdgeConfig(file);
  assert.deepEqual(staples, [{ certificate: sites[0]!.certificates[1], file: folder.file("www.ocsp") }]);
});

Deno.test("two certificates of one site for the same kind of key are refused", async () => {
  await using folder = await exampleFolder();
  await writePublic(folder.file("www-rsa.pem"), await siteChain(pki, "ecdsa-p256"));
  assert.match(
    await refusal((text) => text, folder),
    /certificates\[1\] .*has a ecdsa-p256 certificate already/,
  );
});

Deno.test("every problem in the files is told, each with its line", async () => {
  const message = await refusal((text) =>
    text.replace("www-rsa.pem", "a.pem").replace("key-server-ca.pem", "b.pem")
  );
  assert.match(message, /2 problems/);
  assert.match(message, /edge\.toml:\d+: key_server\[0\]\.ca /);
  assert.match(message, /edge\.toml:\d+: site\[0\]\.certificates\[1\] /);
});

Deno.test("L16: a key pasted into the configuration is refused and not repeated", async () => {
  const key = "-----BEGIN PRIVATE KEY-----\\nc2VjcmV0\\n-----END PRIVATE KEY-----";
  const message = await refusal(replacing('private_key = "edge-pop1.key"', `private_key = "${key}"`));
  assert.match(message, /identity\.private_key is a string of \d+ characters; expected .*a path/);
  assert.ok(!message.includes("c2VjcmV0"));
});

Deno.test("L16: a site's certificate with the identity's key is refused: that key is on the edge", async () => {
  await using folder = await exampleFolder();
  const { createPublicKey } = await import("node:crypto");
  const key = createPublicKey(await Deno.readTextFile(folder.file("edge-pop1.key")));
  const info = new Uint8Array(key.export({ type: "spki", format: "der" }));
  await writePublic(folder.file("www-ecdsa.pem"), await pki.siteCertificate(info, ["www.holdfast.test"]));
  assert.match(await refusal((text) => text, folder), /identity\.certificate .*needs a key of its own/);
});

Deno.test("an identity whose key is another's, encrypted, or open to all is refused when checked", async () => {
  await using folder = await exampleFolder();
  const file = folder.file("edge.toml");
  const config = await loadEdgeConfig(file);
  const check = (words: RegExp) =>
    assert.rejects(
      checkIdentity(file, config),
      (error) => error instanceof ConfigError && words.test(error.message),
    );
  await Deno.chmod(folder.file("edge-pop1.key"), 0o644);
  await check(/identity\.private_key .*mode 0644/);
  await writeIdentity(folder.path, "edge-pop1", {
    certificatePem: (await pki.edgeIdentity("spiffe://holdfast.test/edge/pop1")).certificatePem,
    privateKeyPem: (await pki.edgeIdentity("spiffe://holdfast.test/edge/pop1")).privateKeyPem,
  });
  await check(/identity\.private_key .*is not the key of/);
  await Deno.writeTextFile(folder.file("edge-pop1.key"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n");
  await check(/identity\.private_key .*is not an unencrypted private key/);
});
