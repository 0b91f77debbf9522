/** A Hono application over TLS: deno run --allow-net --allow-ffi --allow-read serve_hono.ts CHAIN KEY PORT */
import { createPrivateKey } from "node:crypto";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { localSigner } from "../local_signer.ts";
import { serveHttp } from "../serve_http.ts";
import { serveTls } from "../serve_tls.ts";

const [chainFile = "", keyFile = "", port = "8443"] = Deno.args;
const app = new Hono().get("/", (context) => context.text("Hello from Hono\n"));

const connections = serveTls({
  port: Number(port),
  alpn: ["http/1.1"],
  certificates: [{
    chain: await Deno.readTextFile(chainFile),
    signer: localSigner(createPrivateKey(await Deno.readTextFile(keyFile))),
  }],
});

await serveHttp(createAdaptorServer(app) as Server, connections);
