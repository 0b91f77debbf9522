/**
 * What an edge sends to `POST /v1/enrolments` over HTTPS, as application/octet-stream:
 *
 *    token id (8) | token secret (32) | PKCS#10 request, DER (1 to 8192)
 *
 * The answer is JSON, {@link EnrolmentAnswer}; a refusal is RFC 9457's problem+json.
 */
import { z } from "zod";
import { concatenate } from "../codec/concatenate.ts";
import { HoldfastError } from "../errors.ts";
import { tokenIdLength, tokenSecretLength } from "./enrolment_token.ts";

export const enrolmentPath = "/v1/enrolments";
export const enrolmentContentType = "application/octet-stream";

const longestCertificateRequest = 8192;
export const maximumEnrolmentLength = tokenIdLength + tokenSecretLength + longestCertificateRequest;

/** A body that is no enrolment. Code `invalid-request`. */
export class EnrolmentRequestError extends HoldfastError {
  constructor(reason: string) {
    super("invalid-request", `Cannot read the enrolment: ${reason}`);
  }
}

export interface EnrolmentRequest {
  readonly tokenId: Uint8Array;
  readonly tokenSecret: Uint8Array;
  /** DER. */
  readonly certificateRequest: Uint8Array;
}

/** The body; it holds the secret, and is to be zeroed once it was sent. */
export function encodeEnrolmentRequest(request: EnrolmentRequest): Uint8Array<ArrayBuffer> {
  return concatenate([request.tokenId, request.tokenSecret, request.certificateRequest]);
}

/** Views into `body`, which is to be zeroed once it was used. Throws {@link EnrolmentRequestError}. */
export function decodeEnrolmentRequest(body: Uint8Array): EnrolmentRequest {
  const requestAt = tokenIdLength + tokenSecretLength;
  if (body.length <= requestAt) throw new EnrolmentRequestError("it ends too early");
  if (body.length > maximumEnrolmentLength) throw new EnrolmentRequestError("it is too long");
  return {
    tokenId: body.subarray(0, tokenIdLength),
    tokenSecret: body.subarray(tokenIdLength, requestAt),
    certificateRequest: body.subarray(requestAt),
  };
}

/** Certificates in base64 DER. */
export const enrolmentAnswerSchema = z.strictObject({
  /** The edge's URI. */
  edge: z.string().min(1).max(2048),
  /** Leaf first, root left out. */
  chain: z.array(z.base64().min(4).max(64 << 10)).min(1).max(8),
  /** Authorities that vouch for key servers. */
  keyServerAuthorities: z.array(z.base64().min(4).max(64 << 10)).min(1).max(8),
  /** Authorities that vouch for other edges. */
  edgeAuthorities: z.array(z.base64().min(4).max(64 << 10)).min(1).max(8),
});

export type EnrolmentAnswer = z.infer<typeof enrolmentAnswerSchema>;
