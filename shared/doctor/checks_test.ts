import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { hostChecks } from "./checks.ts";
import type { HostFacts } from "./host_facts.ts";
import { type Check, exitCodeOf, renderText } from "./report.ts";

const good: HostFacts = {
  isLinux: true,
  isRoot: false,
  lockLimit: Infinity,
  lockNeeded: 4 << 20,
  hasSecretMemory: true,
  hasSeccomp: true,
  landlockVersion: 6,
  swaps: "Filename Type Size Used Priority",
  powerStates: "freeze mem",
  hibernationModes: undefined,
  corePattern: "core",
  ptraceScope: "1",
  swapDeviceIds: {},
};

function checkOf(name: string, facts: Partial<HostFacts>): Check {
  return hostChecks({ ...good, ...facts }).find((check) => check.name === name)!;
}

Deno.test("a host with every protection has nothing off and exits with 0", () => {
  assert.equal(exitCodeOf(hostChecks(good)), 0);
});

const swapHead = "Filename Type Size Used Priority\n";
const cases: readonly [string, string, Partial<HostFacts>, Check["state"]][] = [
  ["L24: a limit below what a worker locks is off", "memory-lock-limit", { lockLimit: 65536 }, "off"],
  ["L24: root is exempt from it", "memory-lock-limit", { lockLimit: 65536, isRoot: true }, "on"],
  ["no memfd_secret is off", "secret-memory", { hasSecretMemory: false }, "off"],
  ["L20: swap without encryption is off", "swap", { swaps: `${swapHead}/dev/sda2 partition 1 0 -2` }, "off"],
  [
    "L20: encrypted swap is on",
    "swap",
    {
      swaps: `${swapHead}/dev/dm-1 partition 1 0 -2`,
      swapDeviceIds: { "/dev/dm-1": "CRYPT-PLAIN-swap" },
    },
    "on",
  ],
  ["L20: hibernation that is possible is off", "hibernation", {
    powerStates: "freeze mem disk",
    hibernationModes: "[platform] shutdown",
  }, "off"],
  ["L20: hibernation that is switched off is on", "hibernation", {
    powerStates: "freeze disk",
    hibernationModes: "[disabled]",
  }, "on"],
  ["ptrace without Yama's limits is off", "ptrace-scope", { ptraceScope: "0" }, "off"],
  ["a kernel without Yama is said to be one", "ptrace-scope", { ptraceScope: undefined }, "impossible"],
  ["a kernel without seccomp is said to be one", "system-call-filter", { hasSeccomp: false }, "impossible"],
  [
    "a kernel without Landlock is said to be one",
    "file-system-confinement",
    { landlockVersion: 0 },
    "impossible",
  ],
  ["Landlock confines from its first version on", "file-system-confinement", { landlockVersion: 1 }, "on"],
  ["L23: another system is declared impossible", "platform", { isLinux: false }, "impossible"],
];

for (const [name, check, facts, state] of cases) {
  Deno.test(`doctor: ${name}`, () => {
    const found = checkOf(check, facts);
    assert.equal(found.state, state, found.detail);
    if (state === "off") {
      assert(found.mend !== undefined, "what is off has a mend");
      assert.equal(exitCodeOf([found]), 1);
      assert.match(renderText([found]), /^off .*\n +-> /);
    }
  });
}

const frontDoor = fileURLToPath(new URL("../../holdfast", import.meta.url));

Deno.test("holdfast doctor reports this host, as JSON too, and its exit code says whether something is off", async () => {
  const run = async (...args: string[]) => {
    const { code, stdout } = await new Deno.Command(frontDoor, { args: ["doctor", ...args] }).output();
    return { code, text: new TextDecoder().decode(stdout) };
  };
  const { code, text } = await run("--json");
  const { checks } = JSON.parse(text) as { checks: Check[] };
  assert.equal(code, exitCodeOf(checks));
  assert(checks.length >= 9);
  const pattern = (await Deno.readTextFile("/proc/sys/kernel/core_pattern")).trim();
  assert(text.includes(JSON.stringify(`"${pattern}"`).slice(1, -1)), "it has read the host's files");
  assert.equal((await run()).text, renderText(checks));
  assert.equal((await run("--nonsense")).code, 2);
});
