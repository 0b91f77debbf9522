/** The child of hardening_test.ts: hardens itself, then tries what must not work, on a thread that was there before too. */
import process from "node:process";
import { createLogger } from "../log.ts";
import { closeToOthers, restrictSystemCalls } from "./harden_process.ts";
import type { FilterProfile } from "./system_call_filter.ts";

const [profile, folder] = Deno.args as [FilterProfile, string];
const attempts = `
  const libc = Deno.dlopen("libc.so.6", {
    ptrace: { parameters: ["i32", "i32", "usize", "usize"], result: "i64" },
    execve: { parameters: ["buffer", "usize", "usize"], result: "i32" },
    fork: { parameters: [], result: "i32" },
    open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
    __errno_location: { parameters: [], result: "pointer" },
  }).symbols;
  const errno = () => new Deno.UnsafePointerView(libc.__errno_location()).getInt32();
  const path = (text) => new TextEncoder().encode(text + "\\0");
  const outcome = (result) => Number(result) < 0 ? errno() : "worked";
  const tryAll = (folder) => ({
    ptrace: outcome(libc.ptrace(16, 1, 0n, 0n)),
    execve: outcome(libc.execve(path("/nonexistent"), 0n, 0n)),
    write: outcome(libc.open(path(folder + "/new"), 0o101, 0o600)),
    read: outcome(libc.open(path("/proc/self/status"), 0, 0)),
  });
`;
const source =
  `${attempts} self.onmessage = ({ data }) => self.postMessage(tryAll(data)); self.postMessage("up");`;
const url = `data:text/javascript,${encodeURIComponent(source)}`;
const thread = new Worker(url, { type: "module" });
const said = () => new Promise<unknown>((resolve) => thread.onmessage = ({ data }) => resolve(data));
await said();

closeToOthers();
restrictSystemCalls(profile, createLogger("child", "silent"));

const onThread = said();
thread.postMessage(folder);
const later = new Worker(url, { type: "module" });
await new Promise((resolve) => later.onmessage = resolve);
const { tryAll } = await import(
  `data:text/javascript,${encodeURIComponent(`${attempts} export { tryAll };`)}`
);
const report = { main: tryAll(folder), thread: await onThread, pid: process.pid };
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(report) + "\n"));
for await (const _ of Deno.stdin.readable) { /* until the test is done with us */ }
Deno.exit(0);
