import type { ClientResult, Endpoint } from "../../harness/clients/negotiated.ts";
import type { Cell, ClientName } from "../cell.ts";
import { runChromium } from "./chromium.ts";
import { runCurl } from "./curl.ts";
import { runGnutls } from "./gnutls.ts";
import { runNss } from "./nss.ts";
import { runOpenssl } from "./openssl.ts";

/** Has one kind of client do what a cell says. */
export type CellRunner = (cell: Cell, target: Target) => Promise<ClientResult>;

/** Where to, and with what. */
export interface Target {
  readonly endpoint: Endpoint;
  /** PEM files; a client shows them where the cell says so. */
  readonly clientCertificate: { readonly certificate: string; readonly privateKey: string };
}

const runners: Readonly<Record<ClientName, CellRunner>> = {
  openssl: runOpenssl,
  gnutls: runGnutls,
  curl: runCurl,
  nss: runNss,
  chromium: runChromium,
};

export function runCell(cell: Cell, target: Target): Promise<ClientResult> {
  return runners[cell.client](cell, target);
}
