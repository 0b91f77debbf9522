import { defaultSecureHeapBytes } from "../libcrypto/secure_heap.ts";
import { closeDescriptor, memfdSecret, memoryLockLimit } from "../libc/bindings.ts";
import { landlockVersion } from "../libc/landlock.ts";
import { seccompIsThere } from "../libc/process_protection.ts";

/** What the checks are made from; read from the host, or given in tests. */
export interface HostFacts {
  readonly isLinux: boolean;
  readonly isRoot: boolean;
  /** Bytes; Infinity for none. */
  readonly lockLimit: number;
  /** Of an edge's worker as it is configured by default: its pool and OpenSSL's secure heap. */
  readonly lockNeeded: number;
  readonly hasSecretMemory: boolean;
  readonly hasSeccomp: boolean;
  /** 0: the kernel has none. */
  readonly landlockVersion: number;
  /** Text of files below /proc and /sys; undefined where there is none. */
  readonly swaps: string | undefined;
  readonly powerStates: string | undefined;
  readonly hibernationModes: string | undefined;
  readonly corePattern: string | undefined;
  readonly ptraceScope: string | undefined;
  /** What /sys says of the devices that swaps are on, by their path: "CRYPT-..." where they are encrypted. */
  readonly swapDeviceIds: Readonly<Record<string, string>>;
}

const defaultPoolBytes = 4 << 20;

/** Looks at this host. Needs all permissions: Deno opens nothing below /proc and /sys with fewer. */
export function readHostFacts(): HostFacts {
  const isLinux = Deno.build.os === "linux";
  const swaps = textOf("/proc/swaps");
  return {
    isLinux,
    isRoot: Deno.uid() === 0,
    lockLimit: isLinux ? memoryLockLimit().soft : 0,
    lockNeeded: defaultPoolBytes + defaultSecureHeapBytes,
    hasSecretMemory: isLinux && trySecretMemory(),
    hasSeccomp: isLinux && seccompIsThere(),
    landlockVersion: isLinux ? landlockVersion() : 0,
    swaps,
    powerStates: textOf("/sys/power/state"),
    hibernationModes: textOf("/sys/power/disk"),
    corePattern: textOf("/proc/sys/kernel/core_pattern"),
    ptraceScope: textOf("/proc/sys/kernel/yama/ptrace_scope"),
    swapDeviceIds: Object.fromEntries(
      swapPaths(swaps).map((path) => [path, textOf(`/sys/class/block/${deviceName(path)}/dm/uuid`) ?? ""]),
    ),
  };
}

/** The first column of /proc/swaps, without its head. */
export function swapPaths(swaps: string | undefined): string[] {
  return (swaps ?? "").split("\n").slice(1).map((line) => line.split(/\s/)[0]!).filter((path) => path !== "");
}

function deviceName(path: string): string {
  try {
    return Deno.realPathSync(path).split("/").at(-1) ?? "";
  } catch {
    return path.split("/").at(-1) ?? "";
  }
}

function textOf(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch (error) {
    // What is there and cannot be read must not pass for absent.
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function trySecretMemory(): boolean {
  const descriptor = memfdSecret();
  if (descriptor < 0) return false;
  closeDescriptor(descriptor);
  return true;
}
