import assert from "node:assert/strict";
import { parseConfig } from "../../shared/config/load.ts";
import { edgeConfigSchema } from "../config.ts";
import { workerPermissions } from "../supervisor/worker_command.ts";
import { ticketSettings } from "./tickets_config.ts";

const example = await Deno.readTextFile(new URL("../example.toml", import.meta.url));

/** The example with another `[tickets]` section. */
function parsed(section: string) {
  const text = example.replace(/^\[tickets\][^]*?(?=^\[)/m, `[tickets]\n${section}\n\n`);
  assert.notEqual(text, example);
  return parseConfig(text, "edge.toml", edgeConfigSchema);
}

const settings = (section: string) =>
  ticketSettings(parsed(section).tickets, (path) => `/etc/holdfast/${path}`);

Deno.test("[tickets] gives times in milliseconds and absolute paths", () => {
  assert.equal(settings('source = "off"'), undefined);
  assert.deepEqual(settings(""), {
    count: 2,
    lifetime: 86_400_000,
    keys: {
      source: "local",
      schedule: { sealsFor: 43_200_000, opensFor: 129_600_000, activationDelay: 5000 },
    },
  });
  assert.deepEqual(settings('source = "files"\nformat = "nginx"\nfiles = ["a", "keys/b"]\ncount = 1'), {
    count: 1,
    lifetime: 86_400_000,
    keys: { source: "files", format: "nginx", paths: ["/etc/holdfast/a", "/etc/holdfast/keys/b"] },
  });
});

const hub = 'source = "hub"\nedge_ca = "edge-ca.pem"';

Deno.test("S14: [tickets] shares keys through key servers, by the schedule of five hourly keys, too", () => {
  const hourly = "new_key_every_s = 3600\nkey_opens_for_s = 18000\nlifetime_s = 14400";
  assert.deepEqual(settings(`${hub}\n${hourly}\n\n[control]\nstate = "state"`), {
    count: 2,
    lifetime: 14_400_000,
    keys: {
      source: "hub",
      edgeCa: "/etc/holdfast/edge-ca.pem",
      schedule: { sealsFor: 3_600_000, opensFor: 18_000_000, activationDelay: 5000 },
    },
  });
});

Deno.test("[tickets] that contradicts itself is refused at the key to change", () => {
  const mistakes: [string, RegExp][] = [
    ["lifetime_s = 86401", /tickets\.lifetime_s .*<=\s*86400/],
    ["count = 9", /tickets\.count/],
    ["key_opens_for_s = 100000", /tickets\.key_opens_for_s .*lifetime_s together/],
    ["new_key_every_s = 5\nlifetime_s = 1", /tickets\.key_waits_for_s .*less than tickets\.new_key_every_s/],
    ["new_key_every_s = 60", /tickets\.key_opens_for_s .*at most 63 times/],
    ['source = "files"\nformat = "haproxy"\nfiles = ["a", "b"]', /tickets\.files .*one file/],
    ['source = "files"\nformat = "nginx"\nfiles = ["a", "b", "a"]', /tickets\.files\[2\] .*no earlier entry/],
    ['source = "files"\nformat = "nginx"\nfiles = []', /tickets\.files/],
    ['source = "files"', /tickets\.format/],
    ['source = "hub"', /tickets\.edge_ca/],
    ['source = "hub"\nedge_ca = "ca.pem"', /tickets\.source .*\[control\]/],
    ['source = "hub"\nedge_ca = "ca.pem"\nkey_waits_for_s = 4', /tickets\.key_waits_for_s .*>=\s*5/],
    ['source = "hub"\nedge_ca = "ca.pem"\nkey_opens_for_s = 100000', /tickets\.key_opens_for_s/],
    ['source = "local"\nedge_ca = "ca.pem"', /tickets\.edge_ca/],
    ['source = "off"\ncount = 1', /tickets\.count/],
  ];
  for (const [section, expected] of mistakes) assert.throws(() => parsed(section), expected, section);
});

Deno.test("a worker may read the ticket key files that the configuration names, and is given no others", () => {
  const config = parsed('source = "files"\nformat = "nginx"\nfiles = ["ticket.key"]');
  assert(workerPermissions("/etc/holdfast/edge.toml", config).read.includes("/etc/holdfast/ticket.key"));
  assert(!workerPermissions("/etc/holdfast/edge.toml", parsed("")).read.includes("/etc/holdfast/ticket.key"));
  const shared = parsed(`${hub}\n\n[control]\nstate = "state"`);
  assert(workerPermissions("/etc/holdfast/edge.toml", shared).read.includes("/etc/holdfast/edge-ca.pem"));
});
