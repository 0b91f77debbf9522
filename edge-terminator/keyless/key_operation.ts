import type { OperationName } from "../../shared/keyless_protocol/operations.ts";
import { openMasterSecret } from "../../shared/keyless_protocol/sealed_master_secret.ts";
import { EphemeralKeyPair } from "../../shared/libcrypto/key_agreement.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import type { RsaDecryptionRequest, SignatureRequest } from "../tls/server_events.ts";
import { KeyOperationError } from "./errors.ts";
import { keyRequest, rsaKeyExchangeRequest, type TranscriptForm } from "./key_request.ts";
import type { KeyServerLink } from "./key_server_link.ts";

/** What is wanted of a key server, whichever it is. */
export interface KeyOperation<Result> {
  readonly name: OperationName;
  /** The key's identifier in hexadecimal. */
  readonly keyName: string;
  /** Asks one key server and takes its answer, within `time` milliseconds. Rejects with KeyOperationError. */
  ask(link: KeyServerLink, time: number): Promise<Result>;
}

const operationNames = {
  "tls13-certificate-verify": "sign-tls13",
  "tls12-server-key-exchange": "sign-tls12",
} as const satisfies Record<SignatureRequest["kind"], OperationName>;

/** A signature, asked for in the form that the configuration chose for transcripts. */
export function signatureOperation(
  request: SignatureRequest,
  transcript: TranscriptForm,
): KeyOperation<Uint8Array> {
  return {
    name: operationNames[request.kind],
    keyName: request.certificate.subjectKeyIdentifier.toHex(),
    async ask(link, time) {
      const answer = await link.ask(keyRequest(request, transcript, time), time);
      if (answer.type !== "signature") throw new TypeError(`unexpected ${answer.type}`);
      // A copy: the answer is a view that would keep the whole chunk it came in alive.
      return answer.signature.slice();
    },
  };
}

/** Each question has an HPKE key of its own, whose private half lives in the secure heap until the answer. */
export function rsaKeyExchangeOperation(
  request: RsaDecryptionRequest,
  pool: LockedPool,
): KeyOperation<Secret> {
  return {
    name: "rsa-key-exchange",
    keyName: request.certificate.subjectKeyIdentifier.toHex(),
    async ask(link, time) {
      using recipient = makeRecipient();
      const question = rsaKeyExchangeRequest(request, recipient.publicKey, time);
      const answer = await link.ask(question, time);
      if (answer.type !== "sealed-master-secret") throw new TypeError(`unexpected ${answer.type}`);
      try {
        return openMasterSecret(pool, recipient, question, answer);
      } catch (cause) {
        const reason = "the key server's answer does not open";
        throw new KeyOperationError("token-failure", reason, { keyServer: link.name, cause });
      }
    },
  };
}

function makeRecipient(): EphemeralKeyPair {
  try {
    return EphemeralKeyPair.generate("x25519");
  } catch (cause) {
    throw new KeyOperationError("edge-overloaded", "no locked memory is left for a key", { cause });
  }
}
