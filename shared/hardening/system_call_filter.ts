/** Which process a filter is for: what each may not do is in the tables. */
export type FilterProfile = "supervisor" | "worker" | "key-server";

/** Linux numbers on x86_64. What no process of ours ever does: other processes' memory, kernel, namespaces, mounts. */
const neverCalled = {
  ptrace: 101,
  process_vm_readv: 310,
  process_vm_writev: 311,
  process_madvise: 440,
  pidfd_getfd: 438,
  kcmp: 312,
  kexec_load: 246,
  kexec_file_load: 320,
  init_module: 175,
  finit_module: 313,
  delete_module: 176,
  bpf: 321,
  perf_event_open: 298,
  userfaultfd: 323,
  io_uring_setup: 425,
  io_uring_enter: 426,
  io_uring_register: 427,
  add_key: 248,
  request_key: 249,
  keyctl: 250,
  mount: 165,
  umount2: 166,
  pivot_root: 155,
  chroot: 161,
  unshare: 272,
  setns: 308,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  mount_setattr: 442,
  open_by_handle_at: 304,
  personality: 135,
  iopl: 172,
  ioperm: 173,
  swapon: 167,
  reboot: 169,
  acct: 163,
  quotactl: 179,
} as const;

/** Starting another program. */
const programs = { execve: 59, execveat: 322, fork: 57, vfork: 58 } as const;
const clone = 56;
const clone3 = 435;
const open = 2;
const openat = 257;
const openat2 = 437;
const creat = 85;

const EPERM = 1;
const EACCES = 13;
const ENOSYS = 38;
const SECCOMP_RET_KILL_PROCESS = 0x80000000;
const SECCOMP_RET_ERRNO = 0x00050000;
const SECCOMP_RET_ALLOW = 0x7fff0000;
const AUDIT_ARCH_X86_64 = 0xc000003e;
const firstOfX32 = 0x40000000;
const CLONE_THREAD = 0x00010000;
/** O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND. */
const writing = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000;

/** One instruction of classic BPF (linux/filter.h): code, jumps if true and if false, operand. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const ifEqual = (
  value: number,
  ifTrue: number,
  ifFalse: number,
): Instruction => [0x15, ifTrue, ifFalse, value];
const ifAtLeast = (
  value: number,
  ifTrue: number,
  ifFalse: number,
): Instruction => [0x35, ifTrue, ifFalse, value];
const ifAnyBit = (
  bits: number,
  ifTrue: number,
  ifFalse: number,
): Instruction => [0x45, ifTrue, ifFalse, bits];
const answer = (value: number): Instruction => [0x06, 0, 0, value];
const refuse = (errno: number) => answer(SECCOMP_RET_ERRNO | errno);

/** struct seccomp_data: nr, arch, instruction_pointer, args of 8 bytes; the low half of each comes first. */
const numberOffset = 0;
const architectureOffset = 4;
const argumentOffset = (index: number) => 16 + 8 * index;

/** Refuses one call, whatever its arguments. */
const refuseCall = (number: number, errno: number): Instruction[] => [ifEqual(number, 0, 1), refuse(errno)];

/** Refuses a call when an argument has any of these bits, or, with `unless`, when it has none. */
const refuseBits = (number: number, index: number, bits: number, { errno = EPERM, unless = false } = {}) => [
  ifEqual(number, 0, 4),
  load(argumentOffset(index)),
  unless ? ifAnyBit(bits, 1, 0) : ifAnyBit(bits, 0, 1),
  refuse(errno),
  answer(SECCOMP_RET_ALLOW),
];

/**
 * The filter of a process on x86_64, as seccomp(2) takes it: what it never does answers EPERM. A list of what is allowed
 * would be shorter to attack, but V8, Deno and PKCS#11 modules change what they call with every release.
 */
export function systemCallFilter(profile: FilterProfile): Uint8Array<ArrayBuffer> {
  const instructions: Instruction[] = [
    load(architectureOffset),
    ifEqual(AUDIT_ARCH_X86_64, 1, 0),
    answer(SECCOMP_RET_KILL_PROCESS),
    load(numberOffset),
    ifAtLeast(firstOfX32, 0, 1),
    refuse(ENOSYS),
    ...Object.values(neverCalled).flatMap((number) => refuseCall(number, EPERM)),
    ...profile === "supervisor" ? [] : noPrograms(),
    ...profile === "worker" ? noWriting() : [],
    answer(SECCOMP_RET_ALLOW),
  ];
  const program = new Uint8Array(8 * instructions.length);
  const view = new DataView(program.buffer);
  for (const [index, [code, ifTrue, ifFalse, operand]] of instructions.entries()) {
    view.setUint16(8 * index, code, true);
    view.setUint8(8 * index + 2, ifTrue);
    view.setUint8(8 * index + 3, ifFalse);
    view.setUint32(8 * index + 4, operand, true);
  }
  return program;
}

/** Threads, but no processes. What clone3 is asked for lies behind a pointer: without it the C library takes clone. */
function noPrograms(): Instruction[] {
  return [
    ...Object.values(programs).flatMap((number) => refuseCall(number, EPERM)),
    ...refuseCall(clone3, ENOSYS),
    ...refuseBits(clone, 0, CLONE_THREAD, { unless: true }),
  ];
}

/** No file is opened for writing: a worker only reads files. */
function noWriting(): Instruction[] {
  return [
    ...refuseCall(creat, EACCES),
    ...refuseCall(openat2, ENOSYS),
    ...refuseBits(open, 1, writing, { errno: EACCES }),
    ...refuseBits(openat, 2, writing, { errno: EACCES }),
  ];
}
