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
