import { z } from "zod";

/** A TCP address; an IPv6 host stands without its brackets. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** A TCP address, or the path of a unix socket. */
export type SocketAddress = TcpAddress | { readonly path: string };

/** Reads `host:port` or `[v6]:port` (port 0 to 65535); undefined when it is neither. */
export function parseTcpAddress(text: string): TcpAddress | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:,[\]/]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65535 ? undefined : { host, port };
}

/** Writes an address the way {@link parseTcpAddress} reads it; a unix socket as `unix:PATH`. */
export function formatAddress(address: SocketAddress): string {
  if ("path" in address) return `unix:${address.path}`;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Whether connections to `host` stay on this machine. Names other than localhost are not looked up: false. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

const tcpExpected = 'an address "host:port" or "[IPv6]:port"';

/** A TCP address in a configuration, parsed. */
export const tcpAddressSchema = z.string().transform((text, context): TcpAddress => {
  const address = parseTcpAddress(text);
  if (address !== undefined) return address;
  context.addIssue({ code: "custom", message: tcpExpected });
  return z.NEVER;
});

/** A TCP address or `unix:PATH` in a configuration, parsed; the path is as written. */
export const socketAddressSchema = z.string().transform((text, context): SocketAddress => {
  if (text.startsWith("unix:") && text.length > 5) return { path: text.slice(5) };
  const address = parseTcpAddress(text);
  if (address !== undefined) return address;
  context.addIssue({ code: "custom", message: `${tcpExpected} or "unix:/path"` });
  return z.NEVER;
});
