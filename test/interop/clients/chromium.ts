import { openPage } from "../../harness/clients/chromium.ts";
import type { ClientResult } from "../../harness/clients/negotiated.ts";
import type { Cell } from "../cell.ts";
import type { Target } from "./run_cell.ts";

/** Debian's Chromium. */
export async function runChromium(cell: Cell, { endpoint }: Target): Promise<ClientResult> {
  const limit = `--ssl-version-${cell.version === "1.2" ? "max" : "min"}=tls${cell.version}`;
  return await openPage(endpoint, "/", [limit]);
}
