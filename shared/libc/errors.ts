import { HoldfastError } from "../errors.ts";

/** The operating system has no libc binding here: only Linux with glibc is supported so far (row L23). */
export class UnsupportedPlatformError extends HoldfastError {
  constructor(what: string, options?: ErrorOptions) {
    super(
      "unsupported-platform",
      `Cannot ${what}: Holdfast has a binding for Linux with glibc only, this is ${Deno.build.os}`,
      options,
    );
  }
}

const errnoNames: Record<number, string> = {
  1: "EPERM",
  2: "ENOENT",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  22: "EINVAL",
  24: "EMFILE",
  38: "ENOSYS",
  88: "ENOTSOCK",
  92: "ENOPROTOOPT",
  98: "EADDRINUSE",
  99: "EADDRNOTAVAIL",
};

/** The symbolic name of a Linux errno value, or "errno N" for one that is not in the short table. */
export function errnoName(errno: number): string {
  return errnoNames[errno] ?? `errno ${errno}`;
}

/** A libc call failed. `errno` is the numeric reason, `call` the function's C name. */
export class LibcError extends HoldfastError {
  readonly errno: number;
  readonly call: string;

  constructor(intent: string, call: string, errno: number) {
    super("libc-call-failed", `Cannot ${intent}: ${call} failed with ${errnoName(errno)}`);
    this.call = call;
    this.errno = errno;
  }
}
