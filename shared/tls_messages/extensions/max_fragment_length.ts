import { ExtensionType } from "../../tls_constants.ts";
import { type ExtensionCodec, opaqueExtension } from "./extension.ts";

/** Not spoken (record_size_limit replaces it, RFC 8449): a server that ignores it simply does not answer it. */
export const maxFragmentLength: ExtensionCodec<Uint8Array> = opaqueExtension(
  ExtensionType.max_fragment_length,
);
