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
export function httpCall({ to, method, path, body, signal }: HttpCall): Promise<HttpAnswer> {
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
    }, (answer) => void collected(answer).then(resolve, reject));
    outgoing.on("error", reject);
    outgoing.end(body?.content);
  });
}

function contentLength(content: string | Uint8Array): number {
  return typeof content === "string" ? new TextEncoder().encode(content).length : content.length;
}

async function collected(answer: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  const body = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  return { status: answer.statusCode ?? 0, headers: answer.headers, body };
}
