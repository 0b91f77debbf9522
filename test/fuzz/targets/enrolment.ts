import {
  decodeEnrolmentRequest,
  encodeEnrolmentRequest,
  EnrolmentRequestError,
} from "../../../shared/enrolment/enrolment_request.ts";
import {
  EnrolmentTokenError,
  formatEnrolmentToken,
  parseEnrolmentToken,
} from "../../../shared/enrolment/enrolment_token.ts";
import { type FuzzSubject, type FuzzTarget, promise } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";

const id = new Uint8Array(8).fill(0xab);
const secret = new Uint8Array(32).fill(0xcd);

/** A token is understood or refused by its own error, which never tells what it says. */
class EnrolmentTokenSubject implements FuzzSubject {
  readonly seeds = [
    formatEnrolmentToken(id, secret, [new Uint8Array([0x30, 0])]),
    formatEnrolmentToken(id, secret, [new Uint8Array(300).fill(1), new Uint8Array(9)]) + "\r\n",
  ].map((text) => new TextEncoder().encode(text));

  run(input: Uint8Array): string {
    const words = outcomeOf(() => {
      using token = parseEnrolmentToken(input.slice());
      promise(token.id.length === 8 && token.secret.length === 32, "a part has another length");
      promise(token.authorities.every(({ length }) => length > 0), "an authority is empty");
      return `has ${token.authorities.length}`;
    }, EnrolmentTokenError);
    promise(!words.includes("cdcd"), "the error tells the secret");
    return words;
  }
}

class EnrolmentRequestSubject implements FuzzSubject {
  readonly seeds = [
    encodeEnrolmentRequest({ tokenId: id, tokenSecret: secret, certificateRequest: new Uint8Array(200) }),
  ];

  run(input: Uint8Array): string {
    return outcomeOf(() => {
      const request = decodeEnrolmentRequest(input);
      promise(
        encodeEnrolmentRequest(request).toHex() === input.toHex(),
        "it does not come out as it went in",
      );
      return `has ${request.certificateRequest.length}`;
    }, EnrolmentRequestError);
  }
}

export const enrolmentTargets: readonly FuzzTarget[] = [
  {
    name: "enrolment-token",
    about: "one-time tokens of enrolling edges",
    open: () => new EnrolmentTokenSubject(),
  },
  {
    name: "enrolment-request",
    about: "what an edge posts to enrol",
    open: () => new EnrolmentRequestSubject(),
  },
];
