import { ExtensionType } from "../../tls_constants.ts";
import { emptyExtension, type ExtensionCodec, opaqueExtension } from "./extension.ts";

/** A TLS 1.2 ticket to resume by, or nothing: "I take tickets" (RFC 5077, Section 3.2). */
export const sessionTicket: ExtensionCodec<Uint8Array> = opaqueExtension(ExtensionType.session_ticket);

/** The server's word that a NewSessionTicket follows. */
export const sessionTicketPromised: ExtensionCodec<true> = emptyExtension(ExtensionType.session_ticket);
