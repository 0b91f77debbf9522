import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { mustRun, runCommand } from "../../harness/command.ts";
import { TemporaryFolder } from "../../harness/temporary_folder.ts";
import { type NetworkSample, versions } from "./measure_network.ts";
import { networkTable, networkVerdicts, summarise } from "./summary.ts";

/** A container's root may lack CAP_SYS_ADMIN, the device for TUN, or a root that is a mount (chroot): tried as it is used. */
async function canMakeNamespaces(): Promise<boolean> {
  const name = `holdfast-probe-${Deno.pid}`;
  const ip = (...args: string[]) => runCommand("ip", ["netns", ...args]).catch(() => ({ code: 127 }));
  if ((await ip("add", name)).code !== 0) return false;
  const { code } = await ip("exec", name, "test", "-c", "/dev/net/tun");
  await ip("delete", name);
  return code === 0;
}

Deno.test({
  name:
    "the link delays, a full handshake goes over it, and every figure is there (a slice of the benchmark; root)",
  ignore: !await canMakeNamespaces(),
  fn: async () => {
    await using folder = await TemporaryFolder.create();
    const program = fileURLToPath(new URL("main.ts", import.meta.url));
    const slice = ["--round-trips=0,20", "--rounds=1", "--handshakes=3", "--warm-up=5"];
    const json = folder.file("network.json");
    const args = ["run", "--quiet", "--cached-only", "-A", program, ...slice, `--json=${json}`];
    const { stdout } = await mustRun(Deno.execPath(), args, { deadline: 120_000 });
    const { samples, summary } = JSON.parse(await Deno.readTextFile(json));
    assert.equal(samples.length, 2 * versions.length);
    for (const sample of samples as NetworkSample[]) {
      const { setRoundTrip, roundTrip, keyless, handshakes, ...times } = sample;
      // What a delay cannot undercut, however fast or busy the machine.
      assert(roundTrip >= setRoundTrip && keyless >= setRoundTrip, JSON.stringify(sample));
      assert.equal(handshakes, 3);
      for (const time of [times.localKey, times.keylessResumed, times.localKeyResumed]) assert(time > 0);
    }
    assert.equal(summary.length, samples.length);
    assert.match(stdout, /TLS 1\.2 at 20 ms: .* beyond the round trip/);
  },
});

Deno.test("what keyless adds is told apart from the round trip", () => {
  const sample: NetworkSample = {
    ...{ round: 1, setRoundTrip: 10, roundTrip: 10.2, version: "1.3", localKey: 1, keyless: 11.5 },
    ...{ keylessResumed: 0.9, localKeyResumed: 0.9, handshakes: 80 },
  };
  const [line] = summarise([sample]);
  assert.equal(line!.added.median, 10.5);
  assert.equal(line!.addedResumed.median, 0);
  assert.match(networkVerdicts([line!])[0]!, /^kept .*0\.30 ms beyond/);
  assert.match(networkVerdicts(summarise([{ ...sample, keyless: 12 }]))[0]!, /^MISSED .*0\.80 ms beyond/);
  assert.equal(networkTable([line!]).rows.length, 1);
});
