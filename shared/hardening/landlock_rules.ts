import type { Sandbox } from "./sandbox.ts";

// linux/landlock.h: rights to files, and the version each group came with.
const EXECUTE = 1n << 0n;
const WRITE_FILE = 1n << 1n;
const READ_FILE = 1n << 2n;
const READ_DIR = 1n << 3n;
const ofVersion1 = (1n << 13n) - 1n;
const REFER = 1n << 13n; // 2: rename and link between folders
const TRUNCATE = 1n << 14n; // 3
const IOCTL_DEV = 1n << 15n; // 5
const BIND_TCP = 1n << 0n; // 4
const CONNECT_TCP = 1n << 1n; // 4
const SCOPE_ABSTRACT_UNIX_SOCKET = 1n << 0n; // 6
const SCOPE_SIGNAL = 1n << 1n; // 6

/** The rights that a rule about a file, and not a folder, may give. */
export const rightsToFiles = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;

/** The rights to what /proc tells a process of itself. */
export const rightsToOwnProcess = READ_FILE | READ_DIR;

export interface LandlockRules {
  /** struct landlock_ruleset_attr, as long as the version knows it. */
  readonly attributes: Uint8Array<ArrayBuffer>;
  readonly paths: readonly { readonly path: string; readonly access: bigint }[];
  readonly ports: readonly { readonly port: number; readonly access: bigint }[];
}

/** A sandbox in the words of Landlock's `version` (1 or more): what that one cannot refuse stays allowed. */
export function landlockRules(sandbox: Sandbox, version: number): LandlockRules {
  const files = handledFiles(version);
  const network = version < 4 ? 0n : handledNetwork(sandbox);
  const scoped = sandbox.isolated ? SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL : 0n;
  const attributes = BigUint64Array.of(files, network, scoped);
  const known = version < 4 ? 1 : version < 6 ? 2 : 3;
  const path = (rights: bigint) => (path: string) => ({ path, access: rights & files });
  const port = (right: bigint) => (port: number) => ({ port, access: right });
  return {
    attributes: new Uint8Array(attributes.buffer.slice(0, 8 * known)),
    paths: [
      ...sandbox.read.map(path(READ_FILE | READ_DIR)),
      ...sandbox.execute.map(path(READ_FILE | EXECUTE)),
      ...sandbox.readWrite.map(path(files & ~EXECUTE)),
    ],
    ports: version < 4 ? [] : [
      ...(sandbox.bind ?? []).map(port(BIND_TCP)),
      ...(sandbox.connect ?? []).map(port(CONNECT_TCP)),
    ],
  };
}

function handledFiles(version: number): bigint {
  return ofVersion1 | (version >= 2 ? REFER : 0n) | (version >= 3 ? TRUNCATE : 0n) |
    (version >= 5 ? IOCTL_DEV : 0n);
}

function handledNetwork({ bind, connect }: Sandbox): bigint {
  return (bind === undefined ? 0n : BIND_TCP) | (connect === undefined ? 0n : CONNECT_TCP);
}
