import { checked, errno, libc } from "./bindings.ts";
import { LibcError } from "./errors.ts";

const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_GET_NO_NEW_PRIVS = 39;
const RLIMIT_CORE = 4;
const SYS_seccomp = Deno.build.arch === "aarch64" ? 277n : 317n;
const SECCOMP_SET_MODE_FILTER = 1n;
const SECCOMP_FILTER_FLAG_TSYNC = 1n;

/**
 * Closes this process's memory to others of the same user (ptrace, /proc/PID/mem and whatever tells of its insides) and
 * keeps the kernel from writing cores of it. Root can still look. An exec undoes the first.
 */
export function forbidInspection(): void {
  checked(libc().prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n), "forbid the inspection of this process", "prctl");
  const nothing = new BigUint64Array(2);
  checked(libc().setrlimit(RLIMIT_CORE, nothing), "forbid cores of this process", "setrlimit");
}

/** Whether others of the same user may look into this process. */
export function isInspectable(): boolean {
  return libc().prctl(PR_GET_DUMPABLE, 0n, 0n, 0n, 0n) !== 0;
}

/** The calling thread, its later threads and children never gain privileges by an exec (set-uid and the like). */
export function forbidNewPrivileges(): void {
  checked(libc().prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n), "give up new privileges", "prctl");
}

/** Whether the calling thread has. */
export function hasForbiddenNewPrivileges(): boolean {
  return libc().prctl(PR_GET_NO_NEW_PRIVS, 0n, 0n, 0n, 0n) === 1;
}

/**
 * Puts a seccomp filter onto every thread of this process at once (seccomp(2), TSYNC), for good. Needs
 * {@link forbidNewPrivileges} before it.
 *
 * @param program instructions of classic BPF, 8 bytes each
 * @throws {LibcError} e.g. ENOSYS or EINVAL where the kernel has none
 */
export function filterSystemCalls(program: Uint8Array<ArrayBuffer>): void {
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(program));
  const description = new BigUint64Array([BigInt(program.length / 8), BigInt(address)]); // struct sock_fprog
  const result = libc().seccomp(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, description);
  if (result < 0n) throw new LibcError("filter system calls", "seccomp", errno());
  // A positive result is the thread that could not take the filter.
  if (result > 0n) throw new LibcError(`filter the system calls of thread ${result}`, "seccomp", 0);
}

const SECCOMP_GET_ACTION_AVAIL = 2n;
const SECCOMP_RET_ERRNO = 0x00050000;

/** Whether the kernel filters system calls. */
export function seccompIsThere(): boolean {
  return libc().seccomp(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0n, new Uint32Array([SECCOMP_RET_ERRNO])) ===
    0n;
}
