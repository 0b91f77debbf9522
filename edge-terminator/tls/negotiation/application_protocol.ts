import { AlertDescription } from "../../../shared/tls_constants.ts";
import { InternalFailure } from "../../../shared/tls_messages/errors.ts";
import { nothingInCommon } from "../errors.ts";

/**
 * The server's most preferred protocol that the client speaks; undefined when either side leaves ALPN out.
 *
 * RFC 7301, Section 3.2
 */
export function chooseApplicationProtocol(
  served: readonly string[],
  offered: readonly string[] | undefined,
): string | undefined {
  if (served.includes("")) {
    throw new InternalFailure("Cannot choose an application protocol: an empty one is configured", {
      reason: "INVALID_ALPN_PROTOCOL",
    });
  }
  if (served.length === 0 || offered === undefined) return undefined;
  const chosen = served.find((protocol) => offered.includes(protocol));
  if (chosen === undefined) {
    throw nothingInCommon(
      AlertDescription.no_application_protocol,
      "NO_APPLICATION_PROTOCOL",
      "no application protocol is common",
    );
  }
  return chosen;
}
