import { ExtensionType } from "../../tls_constants.ts";
import { type ExtensionCodec, opaqueExtension } from "./extension.ts";

/** Which client certificates the server wants (RFC 8446, Section 4.2.5). Never sent by us; listed for its place. */
export const oidFilters: ExtensionCodec<Uint8Array> = opaqueExtension(ExtensionType.oid_filters);
