import { curl } from "../../harness/clients/curl.ts";
import type { ClientResult } from "../../harness/clients/negotiated.ts";
import { type Cell, offeredGroups } from "../cell.ts";
import { opensslGroupList, opensslSuite } from "./openssl_names.ts";
import type { Target } from "./run_cell.ts";

/** `curl`. */
export function runCurl(cell: Cell, { endpoint, clientCertificate }: Target): Promise<ClientResult> {
  const [suite, groups] = [opensslSuite(cell), opensslGroupList(offeredGroups(cell))];
  const { certificate, privateKey } = clientCertificate;
  return curl(endpoint, {
    version: cell.version,
    extraArguments: [
      ...(suite === undefined ? [] : [cell.version === "1.3" ? "--tls13-ciphers" : "--ciphers", suite]),
      ...(groups === undefined ? [] : ["--curves", groups]),
      ...(cell.clientCertificate ? ["--cert", certificate, "--key", privateKey] : []),
    ],
  });
}
