import { type Architecture, neverCalled, numberOn, programs, singleCalls } from "./system_call_numbers.ts";

/** Which process a filter is for: what each may not do is in the tables. */
export type FilterProfile = "supervisor" | "worker" | "renewing-worker" | "key-server";

const EPERM = 1;
const EACCES = 13;
const ENOSYS = 38;
const SECCOMP_RET_KILL_PROCESS = 0x80000000;
const SECCOMP_RET_ERRNO = 0x00050000;
const SECCOMP_RET_ALLOW = 0x7fff0000;
/** linux/audit.h. */
const auditArchitectures = { x86_64: 0xc000003e, aarch64: 0xc00000b7 } as const;
/** Calls of x86_64 by 32-bit programs come under the same architecture, from this number on. */
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

type CallNumber = readonly [number, number | undefined];

/** The filter's parts for one architecture; a call that it does not have needs no instruction. */
class Refusals {
  readonly #architecture: Architecture;

  constructor(architecture: Architecture) {
    this.#architecture = architecture;
  }

  /** One call, whatever its arguments. */
  call(call: CallNumber, errno: number): Instruction[] {
    const number = numberOn(this.#architecture, call);
    return number === undefined ? [] : [ifEqual(number, 0, 1), refuse(errno)];
  }

  /** A call when an argument has any of these bits, or, with `unless`, when it has none. */
  bits(
    call: CallNumber,
    index: number,
    bits: number,
    { errno = EPERM, unless = false } = {},
  ): Instruction[] {
    const number = numberOn(this.#architecture, call);
    return number === undefined ? [] : [
      ifEqual(number, 0, 4),
      load(argumentOffset(index)),
      unless ? ifAnyBit(bits, 1, 0) : ifAnyBit(bits, 0, 1),
      refuse(errno),
      answer(SECCOMP_RET_ALLOW),
    ];
  }
}

/**
 * The filter of a process, as seccomp(2) takes it: what it never does answers EPERM. A list of what is allowed would be
 * shorter to attack, but V8, Deno and PKCS#11 modules change what they call with every release.
 */
export function systemCallFilter(
  profile: FilterProfile,
  architecture: Architecture = Deno.build.arch,
): Uint8Array<ArrayBuffer> {
  const refusals = new Refusals(architecture);
  return encoded([
    load(architectureOffset),
    ifEqual(auditArchitectures[architecture], 1, 0),
    answer(SECCOMP_RET_KILL_PROCESS),
    load(numberOffset),
    ...architecture === "x86_64" ? [ifAtLeast(firstOfX32, 0, 1), refuse(ENOSYS)] : [],
    ...Object.values(neverCalled).flatMap((call) => refusals.call(call, EPERM)),
    ...profile === "supervisor" ? [] : noPrograms(refusals),
    ...profile === "worker" ? noWriting(refusals) : [],
    answer(SECCOMP_RET_ALLOW),
  ]);
}

/** struct sock_filter, 8 bytes each. */
function encoded(instructions: readonly Instruction[]): Uint8Array<ArrayBuffer> {
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
function noPrograms(refusals: Refusals): Instruction[] {
  return [
    ...Object.values(programs).flatMap((call) => refusals.call(call, EPERM)),
    ...refusals.call(singleCalls.clone3, ENOSYS),
    ...refusals.bits(singleCalls.clone, 0, CLONE_THREAD, { unless: true }),
  ];
}

/** No file is opened for writing: a worker only reads files. */
function noWriting(refusals: Refusals): Instruction[] {
  return [
    ...refusals.call(singleCalls.creat, EACCES),
    ...refusals.call(singleCalls.openat2, ENOSYS),
    ...refusals.bits(singleCalls.open, 1, writing, { errno: EACCES }),
    ...refusals.bits(singleCalls.openat, 2, writing, { errno: EACCES }),
  ];
}
