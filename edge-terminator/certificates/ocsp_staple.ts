import { OcspError } from "../../shared/libcrypto/errors.ts";
import { readOcspResponse } from "../../shared/libcrypto/ocsp.ts";
import type { Logger } from "../../shared/log.ts";
import { FileWatch } from "../file_watch.ts";
import type { ServedCertificate } from "../tls/served_certificate.ts";
import { StapleError, type StapleFailure } from "./errors.ts";

/** A certificate that is served, and the file (absolute path) whose OCSP response goes with it. */
export interface StapleFile {
  readonly certificate: ServedCertificate;
  readonly file: string;
}

/** What the file says now. "revoked" is stapled too: clients are to learn of it. */
export type StapleState = "good" | "revoked" | StapleFailure;

export const stapleStates: readonly StapleState[] = ["good", "revoked", "expired", "absent", "unusable"];

/** An OCSP response that may be stapled. */
interface Staple {
  readonly response: Uint8Array;
  readonly status: "good" | "revoked";
  readonly nextUpdate: Date;
}

/** Responses have one or two kilobytes, with a delegate's chain a few more. */
const mostBytes = 32 * 1024;

/** Milliseconds by which a responder's clock may be ahead of ours. */
const clockLeeway = 5 * 60_000;

/**
 * Reads a DER OCSPResponse and checks that clients of this certificate would take it at `now` (milliseconds of the Unix
 * epoch). Throws {@link StapleError}.
 */
export function readStaple({ file, certificate }: StapleFile, now: number): Staple {
  const response = readBounded(file);
  const unusable = (reason: string, options?: ConstructorParameters<typeof StapleError>[3]) =>
    new StapleError("unusable", file, reason, options);
  let told: ReturnType<typeof readOcspResponse>;
  try {
    told = readOcspResponse(response, certificate.chain);
  } catch (error) {
    if (error instanceof OcspError) throw unusable(error.reason, { cause: error });
    throw error;
  }
  const { status, thisUpdate, nextUpdate } = told;
  if (status === "unknown") throw unusable("the responder does not know the certificate");
  if (nextUpdate === undefined) throw unusable("it has no nextUpdate, so that nobody can tell how old it is");
  if (nextUpdate < thisUpdate) throw unusable("its nextUpdate is before its thisUpdate");
  const usableFrom = thisUpdate.getTime() - clockLeeway;
  if (now < usableFrom) {
    const reason = `it holds from ${thisUpdate.toISOString()} only; look at this machine's clock`;
    throw unusable(reason, { usableFrom });
  }
  if (nextUpdate.getTime() <= now) {
    throw new StapleError("expired", file, `it held until ${nextUpdate.toISOString()}`);
  }
  return { response, status, nextUpdate };
}

function readBounded(file: string): Uint8Array<ArrayBuffer> {
  try {
    const { isFile, size } = Deno.statSync(file);
    if (!isFile) throw new StapleError("unusable", file, "it is not a file");
    if (size > mostBytes) {
      throw new StapleError("unusable", file, `it has ${size} bytes; expected ${mostBytes} at most`);
    }
    return Deno.readFileSync(file);
  } catch (cause) {
    if (cause instanceof StapleError) throw cause;
    if (cause instanceof Deno.errors.NotFound) {
      throw new StapleError("absent", file, "there is no such file", { cause });
    }
    throw new StapleError("unusable", file, "this process cannot read it", { cause });
  }
}

/**
 * Keeps one certificate's staple as its file has it. A file that cannot be used is logged, and what was stapled before
 * stays until its nextUpdate; then the certificate is served without.
 */
export class OcspStaple {
  readonly #source: StapleFile;
  readonly #log: Pick<Logger, "info" | "warn">;
  readonly #watch: FileWatch;
  #nextUpdate = Infinity;
  #usableFrom = Infinity;
  #state: StapleState = "absent";

  constructor(source: StapleFile, log: Pick<Logger, "info" | "warn">, now: number) {
    this.#source = source;
    this.#log = log;
    this.#watch = new FileWatch([source.file]);
    this.#read(now);
  }

  get state(): StapleState {
    return this.#state;
  }

  /** Looks at the file, and reads it when it is another, or its time has come (the clock was set). */
  look(now: number): void {
    if (this.#watch.hasChanged() || now >= this.#usableFrom) this.#read(now);
  }

  /** Drops a staple that is over. */
  expire(now: number): void {
    if (now < this.#nextUpdate) return;
    this.#staple(undefined);
    this.#nextUpdate = Infinity;
    if (this.#state === "good" || this.#state === "revoked") this.#state = "expired";
    const words = "the OCSP response is over and is stapled no more; nothing has renewed its file";
    this.#log.warn({ event: "ocsp-staple-expired", file: this.#source.file }, words);
  }

  #read(now: number): void {
    const { file } = this.#source;
    this.#usableFrom = Infinity;
    try {
      const { response, status, nextUpdate } = readStaple(this.#source, now);
      this.#staple(response);
      this.#nextUpdate = nextUpdate.getTime();
      this.#state = status;
      const level = status === "revoked" ? "warn" : "info";
      this.#log[level]({ event: "ocsp-staple-taken", file, status, nextUpdate: nextUpdate.toISOString() });
    } catch (error) {
      if (!(error instanceof StapleError)) throw error;
      this.#state = error.failure;
      this.#usableFrom = error.usableFrom;
      const held = this.#source.certificate.ocspResponse !== undefined;
      const words = held ? "the OCSP response from before stays stapled" : "no OCSP response is stapled";
      this.#log.warn({ event: "ocsp-staple-refused", file, reason: error.message }, words);
    }
  }

  /** The engine reads the property at each handshake. */
  #staple(response: Uint8Array | undefined): void {
    const certificate: { ocspResponse?: Uint8Array } = this.#source.certificate;
    if (response === undefined) delete certificate.ocspResponse;
    else certificate.ocspResponse = response;
  }
}
