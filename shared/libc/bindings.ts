import { LibcError, UnsupportedPlatformError } from "./errors.ts";
import type { WithLooseArguments } from "./loose_arguments.ts";

/**
 * glibc, as far as Holdfast needs it. Addresses are `usize` (a JavaScript number or bigint as argument, a bigint
 * as result): a call with a number costs 0.1 us, a pointer object 0.08 us more.
 */
const symbolTable = {
  __errno_location: { parameters: [], result: "pointer" },
  getpagesize: { parameters: [], result: "i32" },
  mmap: {
    parameters: [
      "usize", // addr
      "usize", // length
      "i32", // prot
      "i32", // flags
      "i32", // fd
      "i64", // offset
    ],
    result: "usize",
  },
  munmap: { parameters: ["usize", /* addr */ "usize" /* length */], result: "i32" },
  mprotect: { parameters: ["usize", /* addr */ "usize", /* len */ "i32" /* prot */], result: "i32" },
  mlock: { parameters: ["usize", /* addr */ "usize" /* len */], result: "i32" },
  madvise: { parameters: ["usize", /* addr */ "usize", /* length */ "i32" /* advice */], result: "i32" },
  ftruncate: { parameters: ["i32", /* fd */ "i64" /* length */], result: "i32" },
  // syscall(2) and fcntl(2) are variadic in C; on the Linux ABIs of x86_64 and aarch64 that makes no difference
  // for integers.
  syscall: { parameters: ["i64", /* number */ "u64" /* flags */], result: "i64" },
  fcntl: { parameters: ["i32", /* fd */ "i32", /* cmd */ "i32" /* arg */], result: "i32" },
  // As above: variadic in C.
  seccomp: {
    name: "syscall",
    parameters: ["i64", /* number */ "u64", /* operation */ "u64", /* flags */ "buffer" /* program */],
    result: "i64",
  },
  landlockCreateRuleset: {
    name: "syscall",
    parameters: ["i64", /* number */ "buffer", /* attr */ "u64", /* size */ "u64" /* flags */],
    result: "i64",
  },
  landlockAddRule: {
    name: "syscall",
    parameters: [
      "i64", // number
      "i64", // ruleset_fd
      "u64", // rule_type
      "buffer", // rule_attr
      "u64", // flags
    ],
    result: "i64",
  },
  landlockRestrictSelf: {
    name: "syscall",
    parameters: ["i64", /* number */ "i64", /* ruleset_fd */ "u64" /* flags */],
    result: "i64",
  },
  open: { parameters: ["buffer", /* pathname */ "i32", /* flags */ "u32" /* mode */], result: "i32" },
  execv: { parameters: ["buffer", /* pathname */ "buffer" /* argv */], result: "i32" },
  prctl: { parameters: ["i32", /* option */ "u64", /* argument */ "u64", "u64", "u64"], result: "i32" },
  setrlimit: { parameters: ["i32", /* resource */ "buffer" /* rlim */], result: "i32" },
  getrlimit: { parameters: ["i32", /* resource */ "buffer" /* rlim */], result: "i32" },
  socket: { parameters: ["i32", /* domain */ "i32", /* type */ "i32" /* protocol */], result: "i32" },
  setsockopt: {
    parameters: [
      "i32", // sockfd
      "i32", // level
      "i32", // optname
      "buffer", // optval
      "u32", // optlen
    ],
    result: "i32",
  },
  getsockopt: {
    parameters: [
      "i32", // sockfd
      "i32", // level
      "i32", // optname
      "buffer", // optval
      "buffer", // optlen
    ],
    result: "i32",
  },
  bind: { parameters: ["i32", /* sockfd */ "buffer", /* addr */ "u32" /* addrlen */], result: "i32" },
  listen: { parameters: ["i32", /* sockfd */ "i32" /* backlog */], result: "i32" },
  getsockname: {
    parameters: ["i32", /* sockfd */ "buffer", /* addr */ "buffer" /* addrlen */],
    result: "i32",
  },
  close: { parameters: ["i32" /* fd */], result: "i32" },
  clock_gettime: { parameters: ["i32", /* clockid */ "buffer" /* tp */], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

export type LibcSymbols = WithLooseArguments<Deno.DynamicLibrary<typeof symbolTable>["symbols"]>;

let loaded: LibcSymbols | undefined;

/**
 * The C library, opened at the first call. Needs `--allow-ffi`.
 *
 * @throws {UnsupportedPlatformError} on anything but Linux with glibc
 */
export function libc(): LibcSymbols {
  return loaded ??= open();
}

function open(): LibcSymbols {
  if (Deno.build.os !== "linux") throw new UnsupportedPlatformError("open the C library");
  return Deno.dlopen("libc.so.6", symbolTable).symbols as unknown as LibcSymbols;
}

/** The calling thread's errno: read it right after the call that failed. */
export function errno(): number {
  const location = libc().__errno_location();
  if (location === null) return 0;
  return new Deno.UnsafePointerView(location).getInt32();
}

/** Throws a LibcError when `result` is negative, and returns it otherwise. */
export function checked(result: number, intent: string, call: string): number {
  if (result < 0) throw new LibcError(intent, call, errno());
  return result;
}

const CLOCK_THREAD_CPUTIME_ID = 3;
const timespec = new BigInt64Array(2);

/** CPU time of the calling thread so far, in microseconds. */
export function threadCpuMicroseconds(): number {
  checked(
    libc().clock_gettime(CLOCK_THREAD_CPUTIME_ID, timespec),
    "read the thread's clock",
    "clock_gettime",
  );
  return Number(timespec[0]!) * 1e6 + Number(timespec[1]!) / 1000;
}

const SYS_memfd_secret = 447n; // the same on x86_64 and aarch64
const O_CLOEXEC = 0o2000000n;
const FD_CLOEXEC = 1;
const F_GETFD = 1;
const F_SETFD = 2;

/**
 * A descriptor of memory that the kernel itself cannot read (memfd_secret(2), Linux 5.14), close-on-exec.
 * @returns the descriptor, or the negated errno (ENOSYS where the kernel lacks it)
 */
export function memfdSecret(): number {
  const descriptor = Number(libc().syscall(SYS_memfd_secret, O_CLOEXEC));
  return descriptor < 0 ? -errno() : descriptor;
}

const RLIMIT_NOFILE = 7;
const RLIMIT_MEMLOCK = 8;

/** A resource limit; Infinity stands for RLIM_INFINITY. */
export interface ResourceLimit {
  readonly soft: number;
  readonly hard: number;
}

/** RLIMIT_MEMLOCK in bytes. */
export function memoryLockLimit(): ResourceLimit {
  return resourceLimit(RLIMIT_MEMLOCK, "read the limit on locked memory");
}

/** RLIMIT_NOFILE in descriptors. Deno raises the soft limit to the hard one when it starts. */
export function openFilesLimit(): ResourceLimit {
  return resourceLimit(RLIMIT_NOFILE, "read the limit on open files");
}

function resourceLimit(resource: number, intent: string): ResourceLimit {
  const limits = new BigUint64Array(2);
  checked(libc().getrlimit(resource, limits), intent, "getrlimit");
  const [soft, hard] = Array.from(limits, (limit) => limit === 2n ** 64n - 1n ? Infinity : Number(limit));
  return { soft: soft!, hard: hard! };
}

/** Sets or clears FD_CLOEXEC: a descriptor meant for a child must have it cleared before the child starts. */
export function setCloseOnExec(fd: number, on: boolean): void {
  const flags = checked(libc().fcntl(fd, F_GETFD, 0), "read a descriptor's flags", "fcntl");
  const wanted = on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
  checked(libc().fcntl(fd, F_SETFD, wanted), "set a descriptor's flags", "fcntl");
}

/** Whether the descriptor is closed when a child process starts. */
export function isCloseOnExec(fd: number): boolean {
  return (checked(libc().fcntl(fd, F_GETFD, 0), "read a descriptor's flags", "fcntl") & FD_CLOEXEC) !== 0;
}

/** Closes a descriptor opened by this module. */
export function closeDescriptor(fd: number): void {
  checked(libc().close(fd), "close a descriptor", "close");
}
