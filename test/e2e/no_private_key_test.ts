import assert from "node:assert/strict";
import { curl } from "../harness/clients/curl.ts";
import {
  canLookInside,
  childrenOf,
  commandLineOf,
  environmentOf,
  openFilesOf,
} from "../harness/proc/inspect.ts";
import { scanMemory } from "../harness/proc/memory_scan.ts";
import { withSystem } from "../harness/system.ts";

/** The secret numbers of a private key, by their names in a JWK, as bytes and as text that could be in a file. */
function needlesOf(name: string, key: JsonWebKey): [string, Uint8Array][] {
  const parts: (keyof JsonWebKey)[] = ["d", "p", "q", "dp", "dq", "qi"];
  return parts.flatMap((part): [string, Uint8Array][] => {
    const text = key[part];
    if (typeof text !== "string") return [];
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    return [
      [`${name} ${part}`, bytes],
      [`${name} ${part}, limbs reversed`, bytes.toReversed()],
      [`${name} ${part}, hex`, new TextEncoder().encode(bytes.toHex())],
      [`${name} ${part}, base64`, new TextEncoder().encode(bytes.toBase64().slice(0, -4))],
    ];
  });
}

function contains(haystack: Uint8Array, needle: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(haystack).includes(new TextDecoder("latin1").decode(needle));
}

Deno.test(
  "L16, M5: an edge has no certificate's private key in its memory, files, environment or command line",
  { ignore: !canLookInside },
  async () => {
    const keys = [
      { name: "www-ecdsa", type: "ecdsa-p256", known: true },
      { name: "www-rsa", type: "rsa-2048", known: true },
    ] as const;
    await withSystem({ keys }, async (system) => {
      const needles = new Map(
        system.installation.token.keys.flatMap(({ name, privateKey }) => {
          assert(privateKey, `${name} is known`);
          return needlesOf(name, privateKey);
        }),
      );
      assert(needles.size >= 28);
      for (const scheme of ["ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256"]) {
        const served = await curl(system.endpoint, { extraArguments: ["--sigalgs", scheme] });
        if (!/unknown|not known/.test(served.output)) assert(served.verified, served.output);
      }
      const processes = [system.edge.pid, ...await childrenOf(system.edge.pid)];
      assert(processes.length >= 2, "a supervisor and at least one worker");
      for (const pid of processes) {
        const { searched, found } = await scanMemory(pid, needles);
        assert(searched > 1 << 20, "the scan read the process");
        for (const [name, places] of found) assert.deepEqual(places, [], `${name} in process ${pid}`);

        const texts = [...Object.values(await environmentOf(pid)), ...await commandLineOf(pid)].join("\n");
        const files = (await openFilesOf(pid)).filter((path) => path.startsWith(system.installation.folder));
        for (const [name, needle] of needles) {
          assert(!contains(new TextEncoder().encode(texts), needle), `${name} in the environment of ${pid}`);
        }
        assert.deepEqual(files.filter((path) => path.includes("tokens/")), [], "no token file is open");
      }
      for await (const { name, isFile } of Deno.readDir(system.installation.folder)) {
        if (!isFile) continue;
        const bytes = await Deno.readFile(system.installation.file(name));
        for (const [needle, pattern] of needles) assert(!contains(bytes, pattern), `${needle} in ${name}`);
      }
    });
  },
);
