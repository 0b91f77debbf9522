/** What the documents show must be what the programs take. */
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { edgeConfigSchema } from "../../edge-terminator/config.ts";
import { keyServerConfigSchema } from "../../key-server/config.ts";
import { parseConfig } from "../../shared/config/load.ts";

const root = new URL("../../", import.meta.url);
const schemas = { "key-server.toml": keyServerConfigSchema, "edge.toml": edgeConfigSchema };
const documents = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];

Deno.test("the README's configurations are valid", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", root));
  const blocks = [...readme.matchAll(/```toml\n# (\S+)\n([^]*?)```/g)];
  assert.deepEqual(blocks.map(([, name]) => name), Object.keys(schemas));
  for (const [, name = "", text = ""] of blocks) {
    parseConfig(text, name, schemas[name as keyof typeof schemas]);
  }
});

Deno.test("the example configurations are valid", async () => {
  for (
    const [folder, schema] of [["key-server", keyServerConfigSchema], [
      "edge-terminator",
      edgeConfigSchema,
    ]] as const
  ) {
    const file = new URL(`${folder}/example.toml`, root);
    parseConfig(await Deno.readTextFile(file), fileURLToPath(file), schema);
  }
});

Deno.test("every file that the documents link to exists", async () => {
  for (const document of documents) {
    const text = await Deno.readTextFile(new URL(document, root));
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      await assert.doesNotReject(Deno.stat(new URL(target, root)), `${document} links to ${target}`);
    }
  }
});

Deno.test("every task that the documents name exists, and every task is described", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root))) as {
    tasks: Record<string, { description?: string }>;
  };
  for (const [name, { description }] of Object.entries(tasks)) {
    assert(description, `the task ${name} has no description`);
  }
  for (const document of documents) {
    const text = await Deno.readTextFile(new URL(document, root));
    for (const [, name = ""] of text.matchAll(/holdfast task ([a-z][a-z:-]*)/g)) {
      assert(name in tasks, `${document}: ${name}`);
    }
  }
});
