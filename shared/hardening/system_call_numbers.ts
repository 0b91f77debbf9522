/** The architectures whose system calls we know, as Deno names them. */
export type Architecture = "x86_64" | "aarch64";

/**
 * Linux numbers, on x86_64 and on aarch64; undefined where an architecture has no such call. What no process of ours ever
 * does: other processes' memory, kernel, namespaces, mounts.
 */
export const neverCalled = {
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  unshare: [272, 97],
  setns: [308, 268],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  mount_setattr: [442, 442],
  open_by_handle_at: [304, 265],
  personality: [135, 92],
  iopl: [172, undefined],
  ioperm: [173, undefined],
  swapon: [167, 224],
  reboot: [169, 142],
  acct: [163, 89],
  quotactl: [179, 60],
} as const satisfies NumberTable;

/** Starting another program. */
export const programs = {
  execve: [59, 221],
  execveat: [322, 281],
  fork: [57, undefined],
  vfork: [58, undefined],
} as const satisfies NumberTable;

/** Those that are refused by their arguments, or told to be absent. */
export const singleCalls = {
  clone: [56, 220],
  clone3: [435, 435],
  open: [2, undefined],
  openat: [257, 56],
  openat2: [437, 437],
  creat: [85, undefined],
} as const satisfies NumberTable;

type NumberTable = Readonly<Record<string, readonly [x86_64: number, aarch64: number | undefined]>>;

/** A call's number on one architecture; undefined where it has none. */
export function numberOn(
  architecture: Architecture,
  [x86_64, aarch64]: readonly [number, number | undefined],
): number | undefined {
  return architecture === "x86_64" ? x86_64 : aarch64;
}
