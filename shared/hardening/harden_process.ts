import { LibcError } from "../libc/errors.ts";
import { landlockVersion } from "../libc/landlock.ts";
import {
  filterSystemCalls,
  forbidInspection,
  forbidNewPrivileges,
  hasForbiddenNewPrivileges,
  isInspectable,
} from "../libc/process_protection.ts";
import type { Logger } from "../log.ts";
import { type FilterProfile, systemCallFilter } from "./system_call_filter.ts";

/** The first thing that a process does: nobody of the same user may look into it, and no core of it is written. */
export function closeToOthers(): void {
  forbidInspection();
  forbidNewPrivileges();
}

/**
 * Filters the system calls of every thread, once the process has started: for good, and for its children too. Where the
 * kernel has no filter the process goes on without, and says so.
 */
export function restrictSystemCalls(profile: FilterProfile, log: Logger): void {
  const reason = tryToRestrict(profile);
  const facts = { inspectable: isInspectable(), newPrivileges: !hasForbiddenNewPrivileges() };
  if (reason === undefined) log.info({ event: "hardened", profile, seccomp: true, ...facts });
  else {log.warn(
      { event: "hardened", profile, seccomp: false, reason, ...facts },
      "system calls are not filtered",
    );}
}

/** Says once, on behalf of the processes that are started in sandboxes, whether the kernel keeps them there. */
export function tellOfSandbox(log: Logger): void {
  const version = landlockVersion();
  if (version > 0) log.info({ event: "sandbox", landlock: version });
  else log.warn({ event: "sandbox", landlock: 0 }, "the kernel has no Landlock: files and ports stay open");
}

function tryToRestrict(profile: FilterProfile): string | undefined {
  try {
    filterSystemCalls(systemCallFilter(profile));
    return undefined;
  } catch (error) {
    if (error instanceof LibcError) return error.message;
    throw error;
  }
}
