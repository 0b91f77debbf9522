import { formatAddress } from "../../shared/config/address.ts";
import { curl } from "../harness/clients/curl.ts";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import { greeting } from "../harness/http_backend.ts";
import type { Ports } from "../harness/installation.ts";
import { freePort } from "../harness/loopback.ts";
import { System } from "../harness/system.ts";
import type { DemoArguments } from "./arguments.ts";
import { showChain } from "./certificate_chain.ts";
import { showMedians, showSteps } from "./connection_steps.ts";
import { Screen } from "./screen.ts";
import { openStateFolder } from "./state_folder.ts";
import { administration, openRotations, showRotation } from "./rotation.ts";
import { showWhoHoldsWhat } from "./who_holds_what.ts";

const host = "127.0.0.1";
/** Made by the demo itself: one of them with RSA, the rest for a median. */
const connections = 20;

/**
 * Runs the demo until `stop` resolves, or to its end with `--once`. Answers the exit code: 0 when every check passed, 1
 * when one failed or a process ended by itself, 130 when it was stopped before it was up. Nothing outlives it.
 */
export async function runDemo(args: DemoArguments, stop: Promise<Deno.Signal>): Promise<number> {
  await using folder = await openStateFolder(args.state);
  const screen = new Screen();
  const stopping = new AbortController();
  stop.then(() => stopping.abort());
  const starting = demonstrate(args, folder.path, screen, stopping.signal);
  const early = await Promise.race([starting, stop]);
  if (typeof early === "string") {
    await endEarly(starting);
    return 130;
  }
  await using system = early.system;
  if (args.once || !early.passed) return early.passed ? 0 : 1;
  return await stayUp(system, stop, screen);
}

async function stayUp(system: System, stop: Promise<Deno.Signal>, screen: Screen): Promise<number> {
  screen.line("\nEverything stays up until Ctrl-C.");
  const ends = [system.keyServer, system.edge].map((process) => process.ended.then(() => process));
  const reason = await Promise.race([stop, ...ends]);
  if (typeof reason === "string") {
    screen.line("\nEnding: edge, key server, backend.");
    return 0;
  }
  screen.line(
    `\nThe ${reason.name} has ended by itself. Its last words:\n${reason.lines.slice(-20).join("\n")}`,
  );
  return 1;
}

/** Ends what is being started as soon as it is there, so that nothing writes into the folder while it is removed. */
async function endEarly(starting: Promise<Demonstration>): Promise<void> {
  const ended = starting.then(({ system }) => system[Symbol.asyncDispose](), () => {});
  // Should it take long, the kernel ends the processes with this one.
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5000))]);
}

interface Demonstration {
  readonly system: System;
  readonly passed: boolean;
}

async function demonstrate(
  args: DemoArguments,
  folder: string,
  screen: Screen,
  stopping: AbortSignal,
): Promise<Demonstration> {
  screen.line("Holdfast: a TLS handshake whose private key never leaves its token");
  screen.heading("1. Starting");
  const start = performance.now();
  const log = { level: "info" };
  const ports = choosePorts(args.edgePort);
  const keyServer = { log, ...administration };
  const system = await System.start({
    folder,
    host,
    ports,
    certificates: "pushed",
    keyServer,
    edge: { log },
  });
  try {
    stopping.throwIfAborted();
    await openRotations(system);
    showParts(system, screen);
    screen.line(`  up in ${((performance.now() - start) / 1000).toFixed(1)} s`);
    const fetched = await showConnection(system, screen);
    stopping.throwIfAborted();
    screen.heading("4. Who holds what");
    const held = await showWhoHoldsWhat(system, screen);
    showCommands(system, screen);
    return { system, passed: fetched && held };
  } catch (error) {
    await system[Symbol.asyncDispose]();
    throw error;
  }
}

function choosePorts(edge: number | undefined): Ports {
  const free = new Set<number>();
  while (free.size < 5) free.add(freePort(host));
  const [first = 0, keyServer = 0, keyServerAdmin = 0, edgeAdmin = 0, backend = 0] = free;
  return { edge: edge ?? first, keyServer, keyServerAdmin, edgeAdmin, backend };
}

function showParts({ installation, keyServer, edge }: System, screen: Screen): void {
  const { token, folder } = installation;
  const at = (part: keyof Ports) => formatAddress(installation.address(part));
  screen.line(`  state       ${folder}`);
  screen.line(`  token       SoftHSM "${token.label}", its PIN in a file of mode 0600`);
  for (const { name, type } of token.keys) {
    screen.line(`  key         ${name}, ${type}, generated inside the token`);
  }
  screen.line(`  key server  pid ${keyServer.pid}, mutual TLS on ${at("keyServer")}`);
  screen.line(`  edge        pid ${edge.pid}, TLS 1.3 on ${at("edge")}`);
  screen.line(`  backend     pid ${Deno.pid} (this process), HTTP on ${at("backend")}`);
}

/** Pages with each of the two keys, and every step of the first connection. */
async function showConnection(system: System, screen: Screen): Promise<boolean> {
  const { endpoint } = system;
  const page = await curl(endpoint);
  screen.heading("2. One connection, step by step");
  const fetched = page.verified && page.response === greeting;
  if (!fetched) {
    screen.check(false, `curl has fetched the page\n${page.output}\n${system.logs}`);
    return false;
  }
  await showSteps(system, page, screen);
  const rsa = await opensslClient(endpoint, { signatureAlgorithms: "rsa_pss_rsae_sha256" });
  const rsaFetched = rsa.verified && rsa.response.endsWith(greeting);
  for (let more = 2; more < connections; more++) await curl(endpoint);
  const signatures = await system.signatures();
  showMedians(system, screen);
  screen.line();
  screen.check(true, "curl has verified the chain and the name, and fetched the page from the backend");
  screen.check(rsaFetched, "openssl, told to take RSA only, has got the other certificate and the page");
  screen.check(
    signatures === connections,
    `${connections} connections, ${signatures} signatures by the key server`,
  );
  screen.heading("3. The certificate chain of that connection");
  showChain(page.chain, await Deno.readTextFile(endpoint.rootFile), screen);
  return rsaFetched && signatures === connections;
}

function showCommands(system: System, screen: Screen): void {
  const { installation } = system;
  screen.heading("5. Rotate its key (while the demo runs, in another terminal)");
  showRotation(system, screen);
  screen.heading("6. Look around");
  screen.command(`curl http://${formatAddress(installation.address("edgeAdmin"))}/metrics`);
  screen.command(`curl http://${formatAddress(installation.address("keyServerAdmin"))}/readyz`);
}
