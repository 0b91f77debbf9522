/**
 * What a process may reach besides its own memory and descriptors; the kernel (Landlock) refuses all else to all of its
 * threads. Paths are absolute and follow symbolic links. A folder stands for everything below it, also for what comes
 * there later; a file stands for itself, not for another that is renamed into its place. A process may always read what /proc
 * tells of itself.
 */
export interface Sandbox {
  /** Files and folders to read; what is absent is left out. */
  readonly read: readonly string[];
  /** Programs to start, which includes reading them. */
  readonly execute: readonly string[];
  /** Files to write, and folders to write, make and remove files in; reading included. */
  readonly readWrite: readonly string[];
  /** TCP ports to connect to, on any host; undefined: every one. */
  readonly connect: readonly number[] | undefined;
  /** TCP ports to bind; undefined: every one. Sockets that are inherited need none. */
  readonly bind: readonly number[] | undefined;
  /** Whether signals and abstract unix sockets reach nobody outside of the sandbox. */
  readonly isolated: boolean;
}

const end = "--";

/** A sandbox as arguments of a command line, one a path or port: a single argument of Linux ends at 128 KiB. */
export function sandboxArguments(sandbox: Sandbox): string[] {
  const { read, execute, readWrite, connect, bind, isolated } = sandbox;
  const named = (name: string) => (value: string | number) => `${name}=${value}`;
  return [
    ...read.map(named("read")),
    ...execute.map(named("execute")),
    ...readWrite.map(named("write")),
    ...(connect ?? ["any"]).map(named("connect")),
    ...(bind ?? ["any"]).map(named("bind")),
    `isolated=${isolated}`,
    end,
  ];
}

/** The reverse of {@link sandboxArguments}, with what comes after them. */
export function parseSandboxArguments(args: readonly string[]): { sandbox: Sandbox; rest: string[] } {
  const length = args.indexOf(end);
  const given = args.slice(0, length);
  const valuesOf = (name: string) =>
    given.filter((arg) => arg.startsWith(`${name}=`)).map((arg) => arg.slice(name.length + 1));
  const portsOf = (name: string) => {
    const values = valuesOf(name);
    return values.includes("any") ? undefined : values.map(Number);
  };
  return {
    sandbox: {
      read: valuesOf("read"),
      execute: valuesOf("execute"),
      readWrite: valuesOf("write"),
      connect: portsOf("connect"),
      bind: portsOf("bind"),
      isolated: valuesOf("isolated").includes("true"),
    },
    rest: args.slice(length + 1),
  };
}
