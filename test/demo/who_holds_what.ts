import { factsOf, type ProcessFacts, processTree } from "./process_facts.ts";
import type { Screen } from "./screen.ts";
import type { System } from "../harness/system.ts";

/** One line of the table: what a process is for, and what the kernel says of it. */
interface Holder {
  readonly facts: ProcessFacts;
  readonly holds: string;
  readonly neverHolds: string;
}

/**
 * Prints which process holds what, with what /proc shows of each, and checks it: the key server alone has the token's
 * module, and no edge process has the module, the token's files or its PIN. Answers whether all of it held.
 */
export async function showWhoHoldsWhat(system: System, screen: Screen): Promise<boolean> {
  const { token } = system.installation;
  const pin = new TextEncoder().encode((await Deno.readTextFile(token.pinFile)).trimEnd());
  const [supervisor = 0, ...workers] = await processTree(system.edge.pid);
  const keyServer: Holder = {
    facts: await factsOf(system.keyServer.pid, "key server", token, pin),
    holds: "token PIN and sessions, who may use which key",
    neverHolds:
      "traffic keys, application bytes (SoftHSM works in this process; hardware keeps the keys to itself)",
  };
  const edge: Holder[] = [{
    facts: await factsOf(supervisor, "edge supervisor", token, pin),
    holds: "listening sockets, its workers",
    neverHolds: "any secret, any application byte",
  }];
  for (const worker of workers) {
    edge.push({
      facts: await factsOf(worker, "edge worker", token, pin),
      holds: "session secrets (locked memory), its own mTLS identity",
      neverHolds: "any certificate's private key",
    });
  }
  printTable([keyServer, ...edge], screen);
  return check(keyServer, edge, screen);
}

function printTable(holders: readonly Holder[], screen: Screen): void {
  const rows = holders.map(({ facts, holds, neverHolds }) => {
    return [`${facts.name}\npid ${facts.pid}`, holds, neverHolds, describe(facts)];
  });
  screen.table(["process", "holds", "never holds", "seen in /proc"], rows, [19, 24, 24, 30]);
}

function describe(facts: ProcessFacts): string {
  if (!facts.isOpen) return `closed to its own user\n${facts.lockedKiB} KiB locked`;
  const searched = facts.searched === undefined
    ? "memory not readable from here"
    : `PIN ${facts.knowsPin ? "found" : "not found"} in ${Math.round(facts.searched / 2 ** 20)} MiB`;
  const locked = facts.secretKiB > 0
    ? [`${facts.secretKiB} KiB in memfd_secret`]
    : facts.lockedKiB > 0
    ? [`${facts.lockedKiB} KiB locked`]
    : [];
  return [`PKCS#11 module: ${facts.hasModule ? "mapped" : "none"}`, searched, ...locked].join("\n");
}

function check(keyServer: Holder, edge: readonly Holder[], screen: Screen): boolean {
  const facts = edge.map((holder) => holder.facts);
  const isOpen = [keyServer.facts, ...facts].every(({ isOpen }) => isOpen);
  const alone = keyServer.facts.hasModule &&
    facts.every(({ hasModule, seesToken }) => !hasModule && !seesToken);
  const noPin = facts.every(({ knowsPin }) => !knowsPin);
  const locked = facts.slice(1).every(({ secretKiB, lockedKiB }) => secretKiB > 0 || lockedKiB > 0);
  if (isOpen) {
    screen.check(alone, "only the key server has the token's PKCS#11 module, files and place");
    screen.check(
      noPin,
      "no edge process has the token's PIN in its command line, environment or readable memory",
    );
  } else {
    screen.line(
      "  The processes are closed to others of their user, this one included: run as root to see inside.",
    );
  }
  screen.check(locked && facts.length > 1, "every edge worker keeps its session secrets in locked memory");
  return (!isOpen || alone && noPin) && locked && facts.length > 1;
}
