import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { TcpAddress } from "../../shared/config/address.ts";
import {
  type EnrolmentAnswer,
  enrolmentAnswerSchema,
  enrolmentContentType,
  enrolmentPath,
} from "../../shared/enrolment/enrolment_request.ts";
import { derToPem } from "../../shared/libcrypto/x509.ts";
import { EnrolmentError } from "./errors.ts";

const longestAnswer = 1 << 20;
/** Milliseconds for everything. */
const deadline = 15_000;

export interface EnrolmentPlace {
  readonly address: TcpAddress;
  /** The DNS name that the key server's certificate must have. */
  readonly serverName: string;
  /** DER: the only authorities that may vouch for it. */
  readonly authorities: readonly Uint8Array[];
}

/** Posts an enrolment and returns the answer. `body` is zeroed. Throws EnrolmentError. */
export async function postEnrolment(place: EnrolmentPlace, body: Uint8Array): Promise<EnrolmentAnswer> {
  try {
    const { status, text } = await post(place, body);
    if (status !== 200) throw refusalOf(status, text);
    const answer = enrolmentAnswerSchema.safeParse(parseJson(text));
    if (!answer.success) throw new EnrolmentError("the key server's answer cannot be read");
    return answer.data;
  } finally {
    body.fill(0);
  }
}

async function post(
  { address, serverName, authorities }: EnrolmentPlace,
  body: Uint8Array,
): Promise<{ readonly status: number; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = httpsRequest({
    method: "POST",
    host: address.host,
    port: address.port,
    servername: serverName,
    path: enrolmentPath,
    headers: { "content-type": enrolmentContentType, "content-length": body.length, host: serverName },
    ca: authorities.map(derToPem),
    minVersion: "TLSv1.3",
    agent: false,
  }, resolve);
  request.once("error", reject);
  const timer = setTimeout(() => request.destroy(new Error("it does not answer")), deadline);
  try {
    request.end(body);
    const response = await promise;
    return { status: response.statusCode ?? 0, text: await textOf(response) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown failure";
    throw new EnrolmentError(`the key server cannot be asked: ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  for await (const chunk of response) {
    text += chunk;
    if (text.length > longestAnswer) throw new EnrolmentError("the key server's answer is too long");
  }
  return text;
}

/** RFC 9457. */
function refusalOf(status: number, text: string): EnrolmentError {
  const problem = parseJson(text) as { readonly detail?: unknown; readonly code?: unknown } | undefined;
  if (typeof problem?.detail !== "string" || typeof problem.code !== "string") {
    return new EnrolmentError(`the key server answers with status ${status}`);
  }
  const reason = problem.detail.replace(/^Cannot enrol the edge: /, "");
  return new EnrolmentError(reason, {}, problem.code);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
