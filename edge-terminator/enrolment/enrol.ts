import type { TcpAddress } from "../../shared/config/address.ts";
import { readSecret } from "../../shared/config/secret_source.ts";
import { encodeEnrolmentRequest } from "../../shared/enrolment/enrolment_request.ts";
import { parseEnrolmentToken } from "../../shared/enrolment/enrolment_token.ts";
import { EnrolmentError } from "./errors.ts";
import { postEnrolment } from "./enrol_request.ts";
import { identityFolder, writeAuthorities, writeIdentity } from "./identity_folder.ts";
import { IdentityRequest, type NewIdentity } from "./identity_request.ts";

export interface EnrolOptions {
  /** Absolute path; not open to every user. */
  readonly tokenFile: string;
  readonly server: TcpAddress;
  /** The DNS name that the key server's certificate must have. */
  readonly serverName: string;
  /** The edge's state folder; made when it is absent. */
  readonly state: string;
  /** Whether an identity that is there may be replaced. */
  readonly replace: boolean;
}

/**
 * Enrols this edge: makes its key, has it certified for the token, and writes identity and authorities into the state folder.
 * Throws HoldfastError; nothing is written then.
 */
export async function enrol(options: EnrolOptions): Promise<NewIdentity> {
  const { tokenFile, server, serverName, state, replace } = options;
  const { identity } = identityFolder(state);
  if (!replace && await exists(identity)) {
    throw new EnrolmentError(`${identity} is there already; --replace puts a new one in its place`);
  }
  await prepareFolder(state);
  const request = await IdentityRequest.make();
  using token = parseEnrolmentToken(await readSecret(`file:${tokenFile}`, "/"));
  const body = encodeEnrolmentRequest({
    tokenId: token.id,
    tokenSecret: token.secret,
    certificateRequest: request.certificateRequest,
  });
  const answer = await postEnrolment({ address: server, serverName, authorities: token.authorities }, body);
  const chain = answer.chain.map((der) => Uint8Array.fromBase64(der));
  const accepted = await request.accept(chain, answer.edge);
  await writeAuthorities(state, answer);
  await writeIdentity(state, accepted);
  return accepted;
}

/** Before the token is spent: whether the folder can be written at all. */
async function prepareFolder(state: string): Promise<void> {
  try {
    await Deno.mkdir(state, { recursive: true, mode: 0o700 });
    const probe = await Deno.makeTempFile({ dir: state });
    await Deno.remove(probe);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown failure";
    throw new EnrolmentError(`${state} cannot be written: ${reason}`, { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}
