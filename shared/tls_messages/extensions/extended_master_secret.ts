import { ExtensionType } from "../../tls_constants.ts";
import { emptyExtension, type ExtensionCodec } from "./extension.ts";

/** RFC 7627, Section 5.1. TLS 1.2 only; TLS 1.3 clients send it for servers that might choose 1.2. */
export const extendedMasterSecret: ExtensionCodec<true> = emptyExtension(
  ExtensionType.extended_master_secret,
);
