import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What Deno, V8, the C library and libcrypto read, wherever the distribution has it. */
const systemFiles = [
  ...["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"],
  ...["/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/ld.so.conf", "/etc/ld.so.conf.d"],
  ...["/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf"],
  ...["/etc/services", "/etc/protocols", "/etc/localtime", "/usr/share/zoneinfo"],
  // Not /etc/ssl: private keys lie there, too.
  ...["/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/ca-trust"],
  ...["/etc/crypto-policies", "/usr/share/ca-certificates", "/usr/share/crypto-policies"],
  ...["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"],
  ...["/sys/fs/cgroup", "/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/kernel/mm"],
  ...["/proc/cpuinfo", "/proc/filesystems", "/proc/loadavg", "/proc/meminfo", "/proc/stat", "/proc/version"],
  ...["/proc/sys/kernel/osrelease", "/proc/sys/net/core/somaxconn", "/proc/sys/vm"],
];

/** Variables that name more of them; a list is separated by colons. */
const variables = ["LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "OPENSSL_CONF"];

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Files and folders that a process of ours reads before it knows its configuration. Needs --allow-env. */
export function runtimeFiles(...folders: readonly string[]): string[] {
  const named = variables.flatMap((name) => Deno.env.get(name)?.split(":") ?? []);
  return [
    ...systemFiles,
    ...named.filter((path) => path.startsWith("/")),
    denoFolder(),
    ...["deno.json", "deno.lock", "package.json", "node_modules", ...folders].map((name) => join(root, name)),
  ];
}

/** What has to be executed to start Deno: itself, and the dynamic linker that the kernel starts it with. */
export function runtimePrograms(): string[] {
  const linker = Deno.build.arch === "aarch64" ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";
  return [Deno.execPath(), linker];
}

/** Where Deno keeps what it has transpiled and downloaded. */
function denoFolder(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/", ".cache");
  return Deno.env.get("DENO_DIR") ?? join(cache, "deno");
}

/**
 * What to read so that a file can be replaced by a rename, as certificates are: its folder, and the one that a symbolic
 * link leads to. Of folders that many share (/etc, /tmp, a home) the file only: a replacement needs a reload.
 * Needs --allow-read.
 */
export function replaceable(path: string): string[] {
  return [path, realPath(path)].map((file) => isShared(dirname(file)) ? file : dirname(file));
}

const shared =
  /^\/(?:[^/]*|home\/[^/]+|(?:var|usr)\/[^/]+|usr\/local\/[^/]+|etc\/(?:ssl|ssl\/private|pki|pki\/tls|pki\/tls\/private)|dev\/shm|run\/user\/[^/]+)$/;

function isShared(folder: string): boolean {
  return shared.test(folder) || folder === Deno.env.get("HOME");
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
