import { ExtensionType } from "../../tls_constants.ts";
import { emptyExtension, type ExtensionCodec } from "./extension.ts";

/** The client would answer a CertificateRequest after the handshake; we never send one (RFC 8446, Section 4.2.6). */
export const postHandshakeAuth: ExtensionCodec<true> = emptyExtension(ExtensionType.post_handshake_auth);
