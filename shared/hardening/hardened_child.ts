/**
 * The child of hardening_test.ts: hardens itself, then tries what must not work, on the main thread, on one that was there
 * before, and on one that came later.
 */
import process from "node:process";
import { createLogger } from "../log.ts";
import { closeToOthers, restrictSystemCalls } from "./harden_process.ts";
import type { FilterProfile } from "./system_call_filter.ts";

const [profile, folder, foreign, port] = Deno.args as [FilterProfile, string, string, string];
const attempts = `
  const libc = Deno.dlopen("libc.so.6", {
    ptrace: { parameters: ["i32", "i32", "usize", "usize"], result: "i64" },
    execve: { parameters: ["buffer", "usize", "usize"], result: "i32" },
    open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
    openat: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
    truncate: { parameters: ["buffer", "i64"], result: "i32" },
    unlink: { parameters: ["buffer"], result: "i32" },
    kill: { parameters: ["i32", "i32"], result: "i32" },
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    bind: { parameters: ["i32", "buffer", "i32"], result: "i32" },
    connect: { parameters: ["i32", "buffer", "i32"], result: "i32" },
    __errno_location: { parameters: [], result: "pointer" },
  }).symbols;
  const errno = () => new Deno.UnsafePointerView(libc.__errno_location()).getInt32();
  const path = (text) => new TextEncoder().encode(text + "\\0");
  const address = (port) => Uint8Array.of(2, 0, port >> 8, port, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  const outcome = (result) => Number(result) < 0 ? errno() : "worked";
  const tryAll = ({ folder, foreign, port, parent }) => ({
    ptrace: outcome(libc.ptrace(16, parent, 0n, 0n)),
    execve: outcome(libc.execve(path("/nonexistent"), 0n, 0n)),
    write: outcome(libc.open(path(folder + "/new"), 0o101, 0o600)),
    read: outcome(libc.open(path("/proc/self/status"), 0, 0)),
    readOwn: outcome(libc.openat(-100, path(folder + "/own"), 0, 0)),
    readForeign: outcome(libc.openat(-100, path(foreign), 0, 0)),
    readShadow: outcome(libc.open(path("/etc/shadow"), 0, 0)),
    readParent: outcome(libc.open(path("/proc/" + parent + "/environ"), 0, 0)),
    truncate: outcome(libc.truncate(path(folder + "/own"), 0n)),
    unlink: outcome(libc.unlink(path(folder + "/own"))),
    signal: outcome(libc.kill(parent, 0)),
    bind: outcome(libc.bind(libc.socket(2, 1, 0), address(0), 16)),
    connect: outcome(libc.connect(libc.socket(2, 1, 0), address(port), 16)),
    connectElsewhere: outcome(libc.connect(libc.socket(2, 1, 0), address(1), 16)),
  });
`;
const source =
  `${attempts} self.onmessage = ({ data }) => self.postMessage(tryAll(data)); self.postMessage("up");`;
const url = `data:text/javascript,${encodeURIComponent(source)}`;
const wanted = { folder, foreign, port: Number(port), parent: process.ppid };

const next = (thread: Worker) =>
  new Promise<unknown>((resolve) => thread.onmessage = ({ data }) => resolve(data));
async function startThread(): Promise<Worker> {
  const thread = new Worker(url, { type: "module" });
  await next(thread);
  return thread;
}
function onThread(thread: Worker): Promise<unknown> {
  thread.postMessage(wanted);
  return next(thread);
}

const earlier = await startThread();
closeToOthers();
restrictSystemCalls(profile, createLogger("child", "silent"));
const later = await startThread();
const { tryAll } = await import(
  `data:text/javascript,${encodeURIComponent(`${attempts} export { tryAll };`)}`
);
const threads = { main: tryAll(wanted), earlier: await onThread(earlier), later: await onThread(later) };
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify({ threads, pid: process.pid }) + "\n"));
for await (const _ of Deno.stdin.readable) { /* until the test is done with us */ }
Deno.exit(0);
