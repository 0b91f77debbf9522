import { IssuanceError } from "../errors.ts";

/** Milliseconds that one request may take. */
const deadline = 30_000;

/** Bytes; more than any order or chain has. */
const longestAnswer = 1 << 20;

/** A CA that gave no answer at all. */
export class CaUnreachableError extends IssuanceError {
  constructor(url: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : "unknown failure";
    super("get a certificate", `${new URL(url).host} cannot be reached (${reason.slice(0, 500)})`, { cause });
  }
}

export interface HttpsRequest {
  readonly method: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Header names are in lower case. `data` is parsed where it is JSON, else the text. */
export interface HttpsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: unknown;
}

/**
 * One request over HTTPS; `caFile` has the server's authorities in PEM, undefined: the system's. Redirections are not followed:
 * an ACME CA has none, and what is signed names its URL. Throws CaUnreachableError, and what
 * `signal` was aborted with.
 */
export async function requestHttps(
  url: string,
  request: HttpsRequest,
  caFile: string | undefined,
  signal: AbortSignal,
): Promise<HttpsAnswer> {
  try {
    using client = Deno.createHttpClient(
      caFile === undefined ? {} : { caCerts: [await Deno.readTextFile(caFile)] },
    );
    const response = await fetch(url, {
      ...request,
      client,
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(deadline)]),
    });
    const text = await boundedText(response);
    const headers = Object.fromEntries(response.headers);
    const isJson = /[/+]json\b/.test(headers["content-type"] ?? "");
    return { status: response.status, headers, data: isJson && text !== "" ? JSON.parse(text) : text };
  } catch (cause) {
    signal.throwIfAborted();
    throw new CaUnreachableError(url, cause);
  }
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > longestAnswer) throw new Error("the answer is too long");
  }
  return text + decoder.decode();
}
