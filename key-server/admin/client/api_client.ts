import { formatAddress, type TcpAddress } from "../../../shared/config/address.ts";
import { HoldfastError } from "../../../shared/errors.ts";
import type { Problem } from "../problem.ts";
import {
  collected,
  type HttpAnswer,
  type HttpCall,
  httpCall,
  type Method,
  openHttpCall,
} from "./http_call.ts";

/** Where an admin API is, and how to prove who asks. */
export type ServerPlace =
  | { readonly socket: string }
  | {
    readonly server: TcpAddress;
    /** The name in its certificate. */
    readonly serverName: string;
    /** Files in PEM: the certificate, its private key, and the authority of the key server's certificate. */
    readonly identity: string;
    readonly key: string;
    readonly ca: string;
  };

/** A refusal by the key server, with its code. */
export class ApiError extends HoldfastError {
  constructor(readonly problem: Problem) {
    super(problem.code, problem.detail);
  }
}

/** Nobody answers there, or nobody that we know. Code `unreachable`. */
export class UnreachableError extends HoldfastError {
  constructor(where: string, reason: string, options?: ErrorOptions) {
    super("unreachable", `Cannot reach the key server at ${where}: ${reason}`, options);
  }
}

/** The admin API of one key server. Types of answers are those of `../schemas/`. */
export class ApiClient {
  readonly #where: string;
  readonly #to: HttpCall["to"];

  private constructor(where: string, to: HttpCall["to"]) {
    this.#where = where;
    this.#to = to;
  }

  /** Does not connect yet. Throws UnreachableError for files that cannot be read. */
  static async open(place: ServerPlace): Promise<ApiClient> {
    if ("socket" in place) return new ApiClient(place.socket, { socketPath: place.socket });
    const where = formatAddress(place.server);
    const read = (path: string) =>
      Deno.readTextFile(path).catch((cause: Error) => {
        throw new UnreachableError(where, `${path} cannot be read`, { cause });
      });
    const [cert, key, ca] = await Promise.all([place.identity, place.key, place.ca].map(read));
    const { serverName: servername, server: { host, port } } = place;
    const tls = {
      servername,
      minVersion: "TLSv1.3",
      ALPNProtocols: ["http/1.1"],
      cert,
      key,
      ca: ca!,
    } as const;
    return new ApiClient(where, { host, port, ...tls });
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

  patch<Answer>(path: string, body: unknown): Promise<Answer> {
    return this.#json("PATCH", path, body);
  }

  delete<Answer>(path: string): Promise<Answer> {
    return this.#json("DELETE", path);
  }

  /** A call whose body or answer is no JSON. Throws ApiError and UnreachableError. */
  async send(
    method: Method,
    path: string,
    options: Pick<HttpCall, "body" | "signal"> = {},
  ): Promise<HttpAnswer> {
    let answer: HttpAnswer;
    try {
      answer = await httpCall({ to: this.#to, method, path, ...options });
    } catch (cause) {
      throw new UnreachableError(this.#where, reasonOf(cause), { cause });
    }
    if (answer.status !== 200) throw this.#refusal(answer);
    return answer;
  }

  /** An answer that may be longer than memory. Throws ApiError and UnreachableError. */
  async stream(path: string): Promise<AsyncIterable<Uint8Array>> {
    try {
      const answer = await openHttpCall({ to: this.#to, method: "GET", path });
      if (answer.statusCode === 200) return answer;
      const { headers, statusCode: status = 0 } = answer;
      throw this.#refusal({ status, headers, body: await collected(answer) });
    } catch (cause) {
      if (cause instanceof HoldfastError) throw cause;
      throw new UnreachableError(this.#where, reasonOf(cause), { cause });
    }
  }

  async #json<Answer>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
    const answer = await this.send(method, path, {
      ...(body !== undefined && { body: { type: "application/json", content: JSON.stringify(body) } }),
      ...(signal && { signal }),
    });
    return this.#parsed(answer) as Answer;
  }

  #refusal(answer: HttpAnswer): HoldfastError {
    const problem = this.#parsed(answer) as Partial<Problem> | null;
    if (typeof problem?.code !== "string" || typeof problem.detail !== "string") return this.#foreign();
    return new ApiError({ ...problem as Problem, status: answer.status });
  }

  #parsed({ body }: HttpAnswer): unknown {
    try {
      return JSON.parse(new TextDecoder().decode(body));
    } catch {
      throw this.#foreign();
    }
  }

  #foreign(): UnreachableError {
    return new UnreachableError(this.#where, "what answers there is no admin API of Holdfast");
  }
}

/** A path with ids in it. */
export function pathOf(parts: TemplateStringsArray, ...ids: readonly string[]): string {
  return String.raw({ raw: parts }, ...ids.map(encodeURIComponent));
}

const words: Readonly<Record<string, string>> = {
  ENOENT: "there is no such socket",
  EACCES: "this user may not use its socket",
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: "it closed the connection",
};

/** A key server that does not like a certificate closes the connection, and does not say why. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return words[(error as { code?: string }).code ?? ""] ?? error.message;
}
