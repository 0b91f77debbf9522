import { type Browser, chromium } from "playwright-core";
import { mustRun } from "../command.ts";
import { TemporaryFolder } from "../temporary_folder.ts";
import { type ClientResult, type Endpoint, ianaName, present } from "./negotiated.ts";

export interface PageResult extends ClientResult {
  readonly status: number;
  readonly title: string;
}

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** SignatureScheme numbers as Chromium reports them. RFC 8446, Section 4.2.3. */
const schemes: Readonly<Record<number, string>> = {
  0x0403: "ecdsa_secp256r1_sha256",
  0x0503: "ecdsa_secp384r1_sha384",
  0x0804: "rsa_pss_rsae_sha256",
  0x0805: "rsa_pss_rsae_sha384",
  0x0806: "rsa_pss_rsae_sha512",
  0x0807: "ed25519",
};

interface SecurityDetails {
  readonly protocol: string;
  readonly keyExchangeGroup?: string;
  readonly cipher: string;
  readonly serverSignatureAlgorithm?: number;
}

/**
 * Debian's Chromium, headless, opens a page and reports what it negotiated. It verifies the chain itself: the root is in
 * the NSS database of a home of its own, and no certificate check is turned off.
 */
export async function openPage(
  { host, port, serverName, rootFile }: Endpoint,
  path = "/",
  extraFlags: readonly string[] = [],
): Promise<PageResult> {
  await using home = await TemporaryFolder.create();
  await trustRoot(home.path, rootFile);
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [...flags, ...extraFlags, `--host-resolver-rules=MAP ${serverName} ${host}`],
    env: { ...Deno.env.toObject(), HOME: home.path },
  });
  try {
    return await visit(browser, `https://${serverName}:${port}${path}`);
  } finally {
    await browser.close();
  }
}

async function visit(browser: Browser, url: string): Promise<PageResult> {
  const page = await browser.newPage();
  const session = await page.context().newCDPSession(page);
  let details: SecurityDetails | undefined;
  session.on("Network.responseReceived", ({ response }) => details ??= response.securityDetails);
  await session.send("Network.enable");
  const response = await page.goto(url);
  return {
    verified: response !== null && details !== undefined,
    negotiated: present({
      version: details?.protocol.replace("TLS ", "TLSv"),
      cipherSuite: ianaName(details?.cipher),
      group: ianaName(details?.keyExchangeGroup),
      signatureScheme: schemes[details?.serverSignatureAlgorithm ?? 0],
      alpn: undefined,
    }),
    response: await response?.text() ?? "",
    output: JSON.stringify(details),
    status: response?.status() ?? 0,
    title: await page.title(),
  };
}

async function trustRoot(home: string, rootFile: string): Promise<void> {
  const database = `${home}/.pki/nssdb`;
  await Deno.mkdir(database, { recursive: true });
  await mustRun("certutil", ["-d", `sql:${database}`, "-N", "--empty-password"]);
  await mustRun("certutil", ["-d", `sql:${database}`, "-A", "-t", "C,,", "-n", "holdfast", "-i", rootFile]);
}
