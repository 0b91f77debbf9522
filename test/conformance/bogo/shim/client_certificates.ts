import type { PeerVerdict } from "../../../../edge-terminator/tls/client_certificates/peer_verdict.ts";
import type { ClientCertificatePolicy } from "../../../../edge-terminator/tls/client_certificates/policy.ts";
import { AlertDescription } from "../../../../shared/tls_constants.ts";
import type { FlagValues } from "./flags.ts";

/** What clients are asked for; undefined: nothing. A session holds as long as its ticket: it is not verified again. */
export function clientCertificatePolicy(flags: FlagValues): ClientCertificatePolicy | undefined {
  const isRequired = flags["require-any-client-certificate"] === true;
  if (!isRequired && !flags["verify-peer"]) return undefined;
  return {
    mode: isRequired ? "required" : "optional",
    authorities: authorityNames(flags["use-client-ca-list"]),
    ...(flags["verify-prefs"] && { signatureSchemes: flags["verify-prefs"] }),
    stillHolds: () => true,
  };
}

/** `HEX,HEX` of DER names; `<NULL>` and `<EMPTY>` are BoringSSL's two ways to have none. */
function authorityNames(text: string | undefined): Uint8Array[] {
  if (text === undefined || text.startsWith("<")) return [];
  return text.split(",").map((name) => Uint8Array.fromHex(name));
}

/** The verdict that the flags ask for: chains are not looked at. The alerts are those of BoringSSL's two callbacks. */
export function clientVerdict(flags: FlagValues): PeerVerdict {
  if (!flags["verify-fail"]) return { accepted: true };
  const alert = flags["use-custom-verify-callback"]
    ? AlertDescription.certificate_unknown
    : AlertDescription.handshake_failure;
  return { accepted: false, alert, why: "the test wants it refused" };
}
