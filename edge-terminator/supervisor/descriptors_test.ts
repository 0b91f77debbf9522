/** Who has which descriptor, by what the kernel says in /proc. */
import assert from "node:assert/strict";
import { canLookInside, openFilesOf } from "../../test/harness/proc/inspect.ts";
import { echoed, EdgeStage } from "./testing/edge_stage.ts";

interface TcpSocket {
  readonly inode: string;
  readonly state: "LISTEN" | "other";
  readonly localPort: number;
  readonly remotePort: number;
}

/** IPv4 TCP sockets of this network namespace, whoever has them. */
async function tcpSockets(): Promise<TcpSocket[]> {
  const lines = (await Deno.readTextFile("/proc/net/tcp")).trimEnd().split("\n").slice(1);
  const port = (address = "") => parseInt(address.split(":")[1] ?? "", 16);
  return lines.map((line) => {
    const fields = line.trim().split(/\s+/);
    const [, local, remote, state] = fields;
    return {
      inode: fields[9] ?? "",
      state: state === "0A" ? "LISTEN" : "other",
      localPort: port(local),
      remotePort: port(remote),
    };
  });
}

async function socketsOf(pid: number): Promise<Set<string>> {
  const targets = await openFilesOf(pid);
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
}

Deno.test(
  "M3, M9: the supervisor has every listening socket and no client's; a worker has its own and no sibling's",
  { ignore: !canLookInside },
  async () => {
    await using stage = await EdgeStage.start();
    using client = await stage.connect();
    assert.equal(await echoed(client, "ping"), "ping");
    const { port } = stage.address;
    const clientPort = (client.localAddr as Deno.NetAddr).port;
    const all = await tcpSockets();
    const listening = all.filter(({ state, localPort }) => state === "LISTEN" && localPort === port);
    const accepted = all.filter(({ localPort, remotePort }) =>
      localPort === port && remotePort === clientPort
    );
    assert.equal(listening.length, 2);
    assert.equal(accepted.length, 1);

    const supervisor = await socketsOf(stage.edge.pid);
    assert(listening.every(({ inode }) => supervisor.has(inode)));
    assert(!supervisor.has(accepted[0]!.inode), "the supervisor has a client's connection");
    const backendPort = "port" in stage.backend.address ? stage.backend.address.port : 0;
    const outgoing = all.filter(({ inode, remotePort }) =>
      supervisor.has(inode) && remotePort === backendPort
    );
    assert.deepEqual(outgoing, [], "the supervisor has a connection to a backend");

    const workers = await Promise.all((await stage.workers()).map(socketsOf));
    for (const sockets of workers) {
      assert.equal(listening.filter(({ inode }) => sockets.has(inode)).length, 1);
    }
    assert(
      listening.every(({ inode }) => workers.some((sockets) => sockets.has(inode))),
      "a queue has no worker",
    );
    assert.equal(workers.filter((sockets) => sockets.has(accepted[0]!.inode)).length, 1);
  },
);

Deno.test(
  "M3: a worker inherits its pipes, the log and its listening socket, whatever the supervisor has open",
  { ignore: !canLookInside },
  async () => {
    await using stage = await EdgeStage.start();
    const supervisor = new Set(await openFilesOf(stage.edge.pid));
    const own = new Set(await openFilesOf(Deno.pid));
    for (const pid of await stage.workers()) {
      const shared = (await openFilesOf(pid)).filter((target) => supervisor.has(target));
      const pipes = new Set(shared.filter((target) => target.startsWith("pipe:") && !own.has(target)));
      // stdin, stdout, and the log's stderr; what the test itself was started with is not the edge's to close.
      assert(pipes.size <= 3, `${[...pipes].join(" ")}`);
      assert.equal(
        new Set(shared.filter((target) => target.startsWith("socket:"))).size,
        1,
        shared.join(" "),
      );
    }
  },
);

Deno.test(
  "M3: no process of the edge keeps a key or certificate file open",
  { ignore: !canLookInside },
  async () => {
    await using stage = await EdgeStage.start();
    for (const pid of [stage.edge.pid, ...await stage.workers()]) {
      const files = (await openFilesOf(pid)).filter((target) => target.startsWith(stage.pki.folder.path));
      assert.deepEqual(files, []);
    }
  },
);
