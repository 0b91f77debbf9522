import { formatAddress } from "../../../shared/config/address.ts";
import type { Problem } from "../problem.ts";
import { CliError } from "./errors.ts";
import { exitCodeOfStatus, exitCodes } from "./exit_codes.ts";
import type { ServerPlace } from "./server_place.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** A refusal by the key server. */
export class ApiError extends CliError {
  constructor(readonly problem: Problem) {
    super(problem.code, problem.detail, exitCodeOfStatus(problem.status));
  }
}

/** The admin API of one key server. Types of answers are the schemas' of `../schemas/`. */
export class ApiClient implements Disposable {
  readonly #place: ServerPlace;
  readonly #client: Deno.HttpClient;
  readonly #base: string;

  private constructor(place: ServerPlace, client: Deno.HttpClient, base: string) {
    this.#place = place;
    this.#client = client;
    this.#base = base;
  }

  /** Does not connect yet. Throws CliError where a file cannot be read. */
  static async open(place: ServerPlace): Promise<ApiClient> {
    if ("socket" in place) {
      const client = Deno.createHttpClient({ proxy: { transport: "unix", path: place.socket } });
      return new ApiClient(place, client, "http://holdfast");
    }
    const [cert, key, ca] = await Promise.all([place.identity, place.key, place.ca].map(readPem));
    const { host: hostname, port } = place.server;
    const client = Deno.createHttpClient({
      // The name in the URL is the one that is verified; the connection goes to the address.
      proxy: { transport: "tcp", hostname, port },
      caCerts: [ca!],
      cert: cert!,
      key: key!,
    });
    return new ApiClient(place, client, `https://${place.serverName}:${port}`);
  }

  get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
    return this.#json("GET", path, undefined, signal);
  }

  post<Answer>(path: string, body: unknown = {}): Promise<Answer> {
    return this.#json("POST", path, body);
  }

  put<Answer>(path: string, body: unknown): Promise<Answer> {
    return this.#json("PUT", path, body);
  }

  delete<Answer>(path: string): Promise<Answer> {
    return this.#json("DELETE", path);
  }

  /** A call whose body, or answer, is no JSON. Throws ApiError, and CliError where nobody answers. */
  async send(
    method: Method,
    path: string,
    init: Pick<RequestInit, "body" | "headers" | "signal"> = {},
  ): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.#base}${path}`, { ...init, method, client: this.#client });
    } catch (cause) {
      if (init.signal?.aborted) throw cause;
      throw unreachable(this.#place, cause);
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  async #json<Answer>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
    const response = await this.send(method, path, {
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      ...(signal && { signal }),
    });
    return await response.json();
  }
}

/** A path with an id of the user's in it. */
export function pathOf(parts: TemplateStringsArray, ...ids: readonly string[]): string {
  return String.raw({ raw: parts }, ...ids.map(encodeURIComponent));
}

async function readPem(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new CliError("file", `Cannot read ${path}: ${reasonOf(cause)}`, exitCodes.usage, { cause });
  }
}

async function refusal(response: Response): Promise<CliError> {
  const body = await response.json().catch(() => undefined);
  if (typeof body?.code === "string" && typeof body?.detail === "string") {
    return new ApiError({ ...body, status: response.status });
  }
  const message = `Cannot understand the answer ${response.status}: no key server of Holdfast is there`;
  return new CliError("not-holdfast", message, exitCodes.unreachable);
}

function unreachable(place: ServerPlace, cause: unknown): CliError {
  const where = "socket" in place ? place.socket : formatAddress(place.server);
  const hint = "socket" in place
    ? "is it running, and is its [admin_api] unix this path? (--socket, --config and HOLDFAST_ADMIN name another)"
    : "is it running, and do --identity and --ca belong to its [admin_api] client_ca and certificate?";
  const message = `Cannot reach the key server at ${where}: ${reasonOf(cause)}; ${hint}`;
  return new CliError("unreachable", message, exitCodes.unreachable, { cause });
}

/** The innermost cause says it best: fetch wraps them. */
function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.PermissionDenied) return "this user may not";
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return "unknown";
  return /No such file/.test(inner.message) ? "there is no such socket" : inner.message.split(": ").at(-1)!;
}
