import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One HTTP request: where to, as `node:http` and `node:https` want it, and what. */
export interface HttpCall {
  /** With TLS where it has a `ca`. */
  readonly to: RequestOptions & { readonly ca?: string };
  readonly method: Method;
  readonly path: string;
  readonly body?: { readonly type: string; readonly content: string | Uint8Array };
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Makes a request on a connection of its own; rejects with the connection's error. The answer is held in memory. */
export async function httpCall(call: HttpCall): Promise<HttpAnswer> {
  const answer = await openHttpCall(call);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await collected(answer) };
}

/** The same; the answer's body is read as it comes. */
export function openHttpCall({ to, method, path, body, signal }: HttpCall): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = to.ca === undefined ? requestPlain : requestTls;
    const outgoing = request({
      ...to,
      method,
      path,
      headers: body === undefined
        ? {}
        : { "content-type": body.type, "content-length": contentLength(body.content) },
      ...(signal && { signal }),
    }, resolve);
    outgoing.on("error", reject);
    outgoing.end(body?.content);
  });
}

function contentLength(content: string | Uint8Array): number {
  return typeof content === "string" ? new TextEncoder().encode(content).length : content.length;
}

/** All of an answer's body. */
export async function collected(answer: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}
