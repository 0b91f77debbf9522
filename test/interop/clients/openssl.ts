import type { ClientResult } from "../../harness/clients/negotiated.ts";
import { opensslClient, type OpensslOptions } from "../../harness/clients/openssl_client.ts";
import { TemporaryFolder } from "../../harness/temporary_folder.ts";
import { type Cell, offeredGroups } from "../cell.ts";
import { opensslGroupList, opensslSuite } from "./openssl_names.ts";
import type { Target } from "./run_cell.ts";

/** `openssl s_client`. */
export async function runOpenssl(cell: Cell, target: Target): Promise<ClientResult> {
  const connect = (...extra: string[]) => opensslClient(target.endpoint, optionsOf(cell, target, extra));
  if (!cell.resumes) return await connect();
  await using folder = await TemporaryFolder.create();
  const session = folder.file("session.pem");
  const first = await connect("-sess_out", session);
  if (!first.verified) return first;
  const second = await connect("-sess_in", session);
  // A resumption verifies nothing anew.
  return { ...second, verified: second.verified || second.resumed === true };
}

function optionsOf(cell: Cell, { clientCertificate }: Target, extra: readonly string[]): OpensslOptions {
  const [cipherSuites, groups] = [opensslSuite(cell), opensslGroupList(offeredGroups(cell))];
  const { certificate, privateKey } = clientCertificate;
  const shown = cell.clientCertificate ? ["-cert", certificate, "-key", privateKey] : [];
  return {
    version: cell.version,
    alpn: "http/1.1",
    ...(cipherSuites === undefined ? {} : { cipherSuites }),
    ...(groups === undefined ? {} : { groups }),
    extraArguments: [...shown, ...extra],
  };
}
