import assert from "node:assert/strict";
import { type FilterProfile, systemCallFilter } from "./system_call_filter.ts";
import { type Architecture, neverCalled, numberOn, programs, singleCalls } from "./system_call_numbers.ts";

const architectures = ["x86_64", "aarch64"] as const;
const audit = { x86_64: 0xc000003e, aarch64: 0xc00000b7 };
const allowed = "allowed";
const killed = "killed";

/** What the kernel's interpreter of classic BPF makes of a filter and one call (struct seccomp_data). */
function verdict(
  filter: Uint8Array<ArrayBuffer>,
  call: { architecture: number; number: number; args?: number[] },
): string | number {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.architecture, true);
  (call.args ?? []).forEach((value, index) => data.setBigUint64(16 + 8 * index, BigInt(value), true));
  const program = new DataView(filter.buffer);
  let accumulator = 0;
  for (let at = 0; at < filter.length / 8; at++) {
    const code = program.getUint16(8 * at, true);
    const [ifTrue, ifFalse] = [program.getUint8(8 * at + 2), program.getUint8(8 * at + 3)];
    const operand = program.getUint32(8 * at + 4, true);
    const jump = (condition: boolean) => at += condition ? ifTrue : ifFalse;
    switch (code) {
      case 0x20: // BPF_LD | BPF_W | BPF_ABS
        accumulator = data.getUint32(operand, true);
        break;
      case 0x15: // BPF_JMP | BPF_JEQ | BPF_K
        jump(accumulator === operand);
        break;
      case 0x35: // BPF_JMP | BPF_JGE | BPF_K
        jump(accumulator >= operand);
        break;
      case 0x45: // BPF_JMP | BPF_JSET | BPF_K
        jump((accumulator & operand) !== 0);
        break;
      case 0x06: // BPF_RET | BPF_K
        if (operand === 0x7fff0000) return allowed;
        if (operand === 0x80000000) return killed;
        assert.equal(operand & 0xffff0000, 0x00050000, "SECCOMP_RET_ERRNO");
        return operand & 0xffff;
      default:
        assert.fail(`instruction ${code.toString(16)} at ${at}`);
    }
  }
  return assert.fail("the program runs over its end");
}

const EPERM = 1;
const EACCES = 13;
const ENOSYS = 38;
const O_CREAT_WRONLY = 0o101;
const threadFlags = 0x3d0f00; // as glibc's pthread_create asks clone for
const forkFlags = 0x1200011; // as its fork does

/** Asks the filter of a profile on one architecture about a call by its name. */
function asker(profile: FilterProfile, architecture: Architecture) {
  const filter = systemCallFilter(profile, architecture);
  return (call: readonly [number, number | undefined], ...args: number[]) => {
    const number = numberOn(architecture, call);
    return number === undefined
      ? undefined
      : verdict(filter, { architecture: audit[architecture], number, args });
  };
}

for (const architecture of architectures) {
  Deno.test(`${architecture}: what no process does is refused to each; other architectures' calls are deadly`, () => {
    for (const profile of ["supervisor", "worker", "key-server"] as const) {
      const ask = asker(profile, architecture);
      for (const call of Object.values(neverCalled)) assert([EPERM, undefined].includes(ask(call) as number));
      assert.equal(ask([0, 0]), allowed);
      assert.equal(ask([1000, 1000]), allowed, "calls to come are not refused");
      for (const foreign of [...Object.values(audit), 0x40000003, 0x40000028]) {
        if (foreign === audit[architecture]) continue;
        const filter = systemCallFilter(profile, architecture);
        assert.equal(verdict(filter, { architecture: foreign, number: 0 }), killed);
      }
    }
  });

  Deno.test(`${architecture}: only the supervisor starts programs; threads start everywhere`, () => {
    for (const profile of ["supervisor", "worker", "key-server"] as const) {
      const ask = asker(profile, architecture);
      const mayStart = profile === "supervisor";
      for (const call of Object.values(programs)) {
        assert([mayStart ? allowed : EPERM, undefined].includes(ask(call) as string), `${profile} ${call}`);
      }
      assert.equal(ask(singleCalls.clone, threadFlags), allowed);
      assert.equal(ask(singleCalls.clone, forkFlags), mayStart ? allowed : EPERM);
      assert.equal(ask(singleCalls.clone3), mayStart ? allowed : ENOSYS);
    }
  });

  Deno.test(`${architecture}: a worker opens files for reading only`, () => {
    const ask = asker("worker", architecture);
    assert.equal(ask(singleCalls.openat, 0, 0, 0), allowed);
    assert.equal(ask(singleCalls.openat2), ENOSYS);
    for (const flags of [O_CREAT_WRONLY, 1, 2, 0o100, 0o1000, 0o2000, 0o20200002]) {
      assert.equal(ask(singleCalls.openat, 0, 0, flags), EACCES, flags.toString(8));
      assert.equal(ask(singleCalls.open, 0, flags), architecture === "x86_64" ? EACCES : undefined);
      assert.equal(asker("key-server", architecture)(singleCalls.openat, 0, 0, flags), allowed);
    }
    assert.equal(ask(singleCalls.creat), architecture === "x86_64" ? EACCES : undefined);
  });
}

Deno.test("x86_64: the numbers of x32 are told to be absent", () => {
  const filter = systemCallFilter("supervisor", "x86_64");
  assert.equal(verdict(filter, { architecture: audit.x86_64, number: 0x40000000 + 101 }), ENOSYS);
});

const headers = {
  x86_64: "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
  aarch64: "/usr/include/asm-generic/unistd.h",
};

for (const architecture of architectures) {
  const header = headers[architecture];
  Deno.test({
    name: `${architecture}: the numbers are those of the kernel's headers`,
    ignore: !exists(header), // linux-libc-dev is not installed
    fn: async () => {
      const text = await Deno.readTextFile(header);
      for (const [name, call] of Object.entries({ ...neverCalled, ...programs, ...singleCalls })) {
        const number = new RegExp(`^#define __NR_${name}\\s+(\\d+)`, "m").exec(text)?.[1];
        assert.equal(numberOn(architecture, call), number && Number(number), name);
      }
    },
  });
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
