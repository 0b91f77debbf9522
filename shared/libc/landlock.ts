import { checked, closeDescriptor, errno, libc, setCloseOnExec } from "./bindings.ts";
import { LibcError } from "./errors.ts";

// The same on x86_64 and aarch64.
const SYS_landlock_create_ruleset = 444n;
const SYS_landlock_add_rule = 445n;
const SYS_landlock_restrict_self = 446n;
const LANDLOCK_CREATE_RULESET_VERSION = 1n;
const LANDLOCK_RULE_PATH_BENEATH = 1n;
const LANDLOCK_RULE_NET_PORT = 2n;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const O_DIRECTORY = Deno.build.arch === "aarch64" ? 0o40000 : 0o200000;
const ENOENT = 2;
const ENOTDIR = 20;

/** The version of the kernel's Landlock; 0 where it has none or has it switched off. */
export function landlockVersion(): number {
  const { landlockCreateRuleset } = libc();
  return Math.max(
    0,
    Number(landlockCreateRuleset(SYS_landlock_create_ruleset, null, 0n, LANDLOCK_CREATE_RULESET_VERSION)),
  );
}

/** A Landlock ruleset being made (landlock(7)); `attributes` is struct landlock_ruleset_attr. */
export class LandlockRuleset implements Disposable {
  readonly #descriptor: number;

  constructor(attributes: Uint8Array<ArrayBuffer>) {
    const size = attributes.length;
    const result = Number(
      libc().landlockCreateRuleset(SYS_landlock_create_ruleset, attributes, size, 0n),
    );
    this.#descriptor = checked(result, "make a Landlock ruleset", "landlock_create_ruleset");
  }

  /**
   * Allows `access` below a folder, or the part of it that `maskForFiles` leaves to a file itself.
   * @returns false when there is nothing at `path`
   */
  allowPath(path: string, access: bigint, maskForFiles: bigint): boolean {
    let allowed = access;
    let at = openPath(path, O_DIRECTORY);
    if (at === -ENOTDIR) {
      allowed &= maskForFiles;
      at = openPath(path, 0);
    }
    if (at === -ENOENT || at === -ENOTDIR) return false;
    if (at < 0) throw new LibcError(`open ${path} for a sandbox`, "open", -at);
    try {
      this.#allowBeneath(at, allowed, path);
    } finally {
      closeDescriptor(at);
    }
    return true;
  }

  /**
   * Allows `access` below /proc/self. A rule is on an inode, and /proc makes a new one for a name that has fallen out of the
   * kernel's cache: an open descriptor holds it there, so one is left to the process, for good.
   */
  allowOwnProcess(access: bigint): void {
    const descriptor = openPath("/proc/self", O_DIRECTORY);
    if (descriptor < 0) throw new LibcError("open /proc/self for a sandbox", "open", -descriptor);
    setCloseOnExec(descriptor, false);
    this.#allowBeneath(descriptor, access, "/proc/self");
  }

  /** Allows `access` to a TCP port. */
  allowPort(port: number, access: bigint): void {
    const rule = new DataView(new ArrayBuffer(16)); // struct landlock_net_port_attr
    rule.setBigUint64(0, access, true);
    rule.setBigUint64(8, BigInt(port), true);
    this.#add(LANDLOCK_RULE_NET_PORT, rule, `allow port ${port} in a sandbox`);
  }

  /**
   * Holds the calling thread to these rules, for good, and what it starts or becomes by an exec. Other threads stay as they
   * are. Needs no new privileges to be forbidden before.
   */
  restrictThread(): void {
    const result = Number(libc().landlockRestrictSelf(SYS_landlock_restrict_self, this.#descriptor, 0n));
    checked(result, "enter a sandbox", "landlock_restrict_self");
  }

  [Symbol.dispose](): void {
    closeDescriptor(this.#descriptor);
  }

  #allowBeneath(descriptor: number, access: bigint, path: string): void {
    const rule = new DataView(new ArrayBuffer(12)); // struct landlock_path_beneath_attr, packed
    rule.setBigUint64(0, access, true);
    rule.setInt32(8, descriptor, true);
    this.#add(LANDLOCK_RULE_PATH_BENEATH, rule, `allow ${path} in a sandbox`);
  }

  #add(type: bigint, rule: DataView<ArrayBuffer>, intent: string): void {
    const result = libc().landlockAddRule(SYS_landlock_add_rule, this.#descriptor, type, rule, 0n);
    checked(Number(result), intent, "landlock_add_rule");
  }
}

/** @returns the descriptor, or the negated errno */
function openPath(path: string, flags: number): number {
  const descriptor = libc().open(cString(path), O_PATH | O_CLOEXEC | flags, 0);
  return descriptor < 0 ? -errno() : descriptor;
}

/**
 * Becomes another program, with the same pid, descriptors that are not close-on-exec, environment and credentials. Every
 * other thread of this process ends. Returns only by throwing.
 */
export function execute(command: string, args: readonly string[]): never {
  const strings = [command, ...args].map(cString);
  const pointers = strings.map((string) => Deno.UnsafePointer.value(Deno.UnsafePointer.of(string)));
  libc().execv(strings[0]!, new BigUint64Array([...pointers.map(BigInt), 0n]));
  throw new LibcError(`start ${command}`, "execv", errno());
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
