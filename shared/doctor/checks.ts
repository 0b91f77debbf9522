import { type HostFacts, swapPaths } from "./host_facts.ts";
import type { Check, CheckState } from "./report.ts";

/** Every protection of secrets that depends on the host, and what it is here (rows L20, L23, L24). */
export function hostChecks(facts: HostFacts): Check[] {
  if (!facts.isLinux) {
    return [{ name: "platform", state: "impossible", detail: "Holdfast locks memory on Linux only so far" }];
  }
  return [
    lockLimit(facts),
    secretMemory(facts),
    swap(facts),
    hibernation(facts),
    corePattern(facts),
    inspection(facts),
    systemCalls(facts),
    fileSystem(facts),
    {
      name: "virtual-machine",
      state: "impossible",
      detail: "a snapshot of a paused machine holds all of its memory",
    },
  ];
}

const check = (name: string, state: CheckState, detail: string, mend?: string): Check => ({
  name,
  state,
  detail,
  ...mend !== undefined && { mend },
});

function lockLimit({ isRoot, lockLimit, lockNeeded }: HostFacts): Check {
  const name = "memory-lock-limit";
  const needed = `a worker locks ${lockNeeded >> 10} KiB by default`;
  if (lockLimit >= lockNeeded) {
    const limit = Number.isFinite(lockLimit) ? `${Math.floor(lockLimit / 1024)} KiB` : "unlimited";
    return check(name, "on", `RLIMIT_MEMLOCK is ${limit}; ${needed}`);
  }
  if (isRoot) {
    return check(name, "on", `RLIMIT_MEMLOCK is ${lockLimit >> 10} KiB, but root is exempt; ${needed}`);
  }
  const mend = `LimitMEMLOCK=${
    2 * lockNeeded
  } in the unit, or memlock in /etc/security/limits.conf; without it nothing starts`;
  return check(name, "off", `RLIMIT_MEMLOCK is ${lockLimit >> 10} KiB; ${needed}`, mend);
}

function secretMemory({ hasSecretMemory }: HostFacts): Check {
  const name = "secret-memory";
  if (hasSecretMemory) return check(name, "on", "memfd_secret works: pools are unreadable from outside");
  const mend =
    "Linux 5.14 or later with CONFIG_SECRETMEM (before 6.5 with secretmem.enable=1), and no sandbox around it";
  return check(name, "off", "no memfd_secret here: pools are locked, but root can read them", mend);
}

function swap({ swaps, swapDeviceIds }: HostFacts): Check {
  const name = "swap";
  const plain = swapPaths(swaps).filter((path) =>
    !/^\/dev\/zram/.test(path) && !/^CRYPT-/.test(swapDeviceIds[path] ?? "")
  );
  if (swapPaths(swaps).length === 0) return check(name, "on", "there is none");
  if (plain.length === 0) return check(name, "on", "encrypted, or in memory");
  const detail = `${
    plain.join(", ")
  } without encryption: what is not in the pool (a page's plaintext, an mTLS key) may go there`;
  return check(
    name,
    "off",
    detail,
    "swapoff -a and remove it from /etc/fstab, or encrypt it (crypttab: swap)",
  );
}

function hibernation({ powerStates, hibernationModes }: HostFacts): Check {
  const name = "hibernation";
  if (powerStates === undefined || !/\bdisk\b/.test(powerStates)) {
    return check(name, "on", "the kernel cannot hibernate");
  }
  if (/\[disabled\]/.test(hibernationModes ?? "")) return check(name, "on", "switched off");
  const mend =
    "systemctl mask hibernate.target hybrid-sleep.target suspend-then-hibernate.target, or nohibernate";
  return check(
    name,
    "off",
    "possible: its image holds all memory but secretmem, which forbids it while mapped",
    mend,
  );
}

/** Our processes write no cores; what others leave of what passed through them is the host's to decide. */
function corePattern({ corePattern = "" }: HostFacts): Check {
  const detail = "processes of Holdfast forbid cores of themselves (PR_SET_DUMPABLE, RLIMIT_CORE)";
  return check("core-dumps", "on", `${detail}; core_pattern is "${corePattern}"`);
}

function inspection({ ptraceScope }: HostFacts): Check {
  const name = "ptrace-scope";
  const own = "processes of Holdfast are closed to their own user (PR_SET_DUMPABLE)";
  if (ptraceScope === undefined) return check(name, "impossible", `the kernel has no Yama; ${own}`);
  if (Number(ptraceScope) >= 1) {
    return check(name, "on", `kernel.yama.ptrace_scope is ${ptraceScope}; ${own}`);
  }
  return check(name, "off", `kernel.yama.ptrace_scope is 0; ${own}`, "sysctl kernel.yama.ptrace_scope=1");
}

function systemCalls({ hasSeccomp }: HostFacts): Check {
  const name = "system-call-filter";
  if (hasSeccomp) {
    return check(name, "on", "every process filters the system calls of all its threads (seccomp)");
  }
  return check(name, "impossible", "the kernel has no seccomp filters");
}

/** Landlock, in which the supervisor starts its workers. */
function fileSystem({ landlockVersion }: HostFacts): Check {
  const name = "file-system-confinement";
  const mend =
    "Linux 5.13 or later with CONFIG_SECURITY_LANDLOCK, and landlock among lsm= at boot; until then a user " +
    "of its own for each process, and ProtectSystem=strict, InaccessiblePaths= and the like in its unit";
  if (landlockVersion === 0) {
    return check(name, "impossible", "the kernel has no Landlock, or not switched on", mend);
  }
  const missing = landlockVersion < 4
    ? "; ports stay open (Linux 6.7)"
    : landlockVersion < 6
    ? "; signals stay free (Linux 6.12)"
    : "";
  const detail = `workers reach their own files and ports only (Landlock ${landlockVersion})${missing}`;
  return check(name, "on", detail);
}
