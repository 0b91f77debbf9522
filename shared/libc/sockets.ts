import { isIPv4, isIPv6 } from "node:net";
import { checked, closeDescriptor, libc } from "./bindings.ts";
import { HoldfastError } from "../errors.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_REUSEPORT = 15;
const SO_PEERCRED = 17;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const sockaddrStorageLength = 128;

/**
 * A listening TCP socket with SO_REUSEPORT, non-blocking and close-on-exec: the kernel spreads connections over
 * all such sockets of one address, so each worker slot has a queue of its own that outlives the worker.
 *
 * @param address an IPv4 or IPv6 literal (an IPv6 socket takes IPv6 only)
 * @param port 0 lets the kernel choose; see localPort()
 * @returns the descriptor; the caller closes it
 * @throws {LibcError} e.g. EADDRINUSE, EACCES
 */
export function openReusePortListener(address: string, port: number, backlog = 4096): number {
  const socketAddress = encodeSocketAddress(address, port);
  const family = isIPv4(address) ? AF_INET : AF_INET6;
  const intent = `listen on ${isIPv4(address) ? address : `[${address}]`}:${port}`;
  const fd = checked(libc().socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), intent, "socket");
  try {
    setIntegerOption(fd, SOL_SOCKET, SO_REUSEADDR, 1, intent);
    setIntegerOption(fd, SOL_SOCKET, SO_REUSEPORT, 1, intent);
    if (family === AF_INET6) setIntegerOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, intent);
    checked(libc().bind(fd, socketAddress, socketAddress.length), intent, "bind");
    checked(libc().listen(fd, backlog), intent, "listen");
    return fd;
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

/** The port a socket is bound to. */
export function localPort(fd: number): number {
  const address = new Uint8Array(sockaddrStorageLength);
  const length = new Uint32Array([address.length]);
  checked(libc().getsockname(fd, address, length), "read a socket's address", "getsockname");
  return address[2]! << 8 | address[3]!; // sin_port and sin6_port are at the same place, in network order
}

/** How many connections wait in a listening TCP socket's queue to be accepted. */
export function waitingConnections(fd: number): number {
  const information = new Uint32Array(7); // struct tcp_info, as far as tcpi_unacked
  const length = new Uint32Array([information.byteLength]);
  checked(
    libc().getsockopt(fd, IPPROTO_TCP, TCP_INFO, information, length),
    "read the length of a socket's queue",
    "getsockopt",
  );
  return information[6]!; // tcpi_unacked, which of a listening socket is the queue's length
}

/** Process, user and group of the peer of a unix socket, as the kernel recorded them at connect. */
export function peerCredentials(fd: number): { pid: number; uid: number; gid: number } {
  const credentials = new Uint8Array(12); // struct ucred: pid_t, uid_t, gid_t
  const length = new Uint32Array([credentials.length]);
  checked(
    libc().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length),
    "read a unix peer's credentials",
    "getsockopt",
  );
  const view = new DataView(credentials.buffer);
  return { pid: view.getInt32(0, true), uid: view.getUint32(4, true), gid: view.getUint32(8, true) };
}

function setIntegerOption(fd: number, level: number, option: number, value: number, intent: string): void {
  checked(libc().setsockopt(fd, level, option, new Int32Array([value]), 4), intent, "setsockopt");
}

/** struct sockaddr_in or sockaddr_in6. */
function encodeSocketAddress(address: string, port: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new HoldfastError("invalid-address", `Cannot listen: ${port} is no port`);
  }
  if (isIPv4(address)) {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, AF_INET, true);
    view.setUint16(2, port);
    bytes.set(address.split(".").map(Number), 4);
    return bytes;
  }
  if (isIPv6(address) && !address.includes("%")) {
    const bytes = new Uint8Array(28);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, AF_INET6, true);
    view.setUint16(2, port);
    bytes.set(parseIpv6(address), 8);
    return bytes;
  }
  throw new HoldfastError("invalid-address", `Cannot listen: "${address}" is no IP address`);
}

function parseIpv6(address: string): Uint8Array {
  // The URL parser turns every spelling, the dotted tail included, into hexadecimal groups.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":").map((g) => parseInt(g, 16));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  all.forEach((group, index) => view.setUint16(index * 2, group));
  return bytes;
}
