import type { Server, Socket } from "node:net";
import { peerCredentials } from "../shared/libc/sockets.ts";
import { ListenError, listening } from "./listening.ts";

/** Deno keeps the descriptor of a node:net socket here; SO_PEERCRED needs it. */
interface WithDescriptor {
  readonly _handle?: { readonly fd?: number };
}

/** The user at the other end of a unix socket, as the kernel knows it; undefined: it has closed already. */
export function peerUid(socket: Socket): number | undefined {
  const fd = (socket as WithDescriptor)._handle?.fd;
  return fd === undefined || fd < 0 ? undefined : peerCredentials(fd).uid;
}

/**
 * Listens, and gives the socket's file its mode. Replaces a file that nobody listens on any more. Throws ListenError, also
 * when somebody does.
 */
export async function listenOnUnixSocket(server: Server, path: string, mode: number): Promise<void> {
  await removeStaleSocket(path);
  await listening(server, path, (done) => server.listen(path, done));
  await Deno.chmod(path, mode);
}

/** A socket file left behind by a process that died; one that answers is another key server's. */
async function removeStaleSocket(path: string): Promise<void> {
  const stat = await Deno.lstat(path).catch(() => undefined);
  if (stat === undefined) return;
  if (stat.isSocket !== true) throw new ListenError(`${path}: something that is no socket is there`);
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch {
    return await Deno.remove(path);
  }
  throw new ListenError(`${path}: another process listens there`);
}
