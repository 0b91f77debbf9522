/** Pieces that the configuration and the registry both check by. */
import { z } from "zod";
import { isServerNamePattern } from "./server_names.ts";
import { parsePkcs11Uri, type Pkcs11Uri, Pkcs11UriError } from "./token/uri.ts";

/** Who an edge is: the URI of its certificate. */
export const edgeIdentitySchema = z.string().max(2048).regex(/^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i, {
  error: 'an edge\'s URI, such as "spiffe://holdfast.test/edge/pop1"',
});

/** A key's or a token's place (RFC 7512), parsed. */
export const pkcs11UriSchema = z.string().transform((text, context): Pkcs11Uri => {
  try {
    return parsePkcs11Uri(text);
  } catch (error) {
    if (!(error instanceof Pkcs11UriError)) throw error;
    const reason = error.message.replace(/^[^:]*: /, "");
    context.addIssue({ code: "custom", message: `a PKCS#11 URI (RFC 7512): ${reason}` });
    return z.NEVER;
  }
});

/** rsa-key-exchange is never a default: whoever may ask for it can decrypt every recorded session of that kind. */
export const operationSchema = z.enum(["sign-tls13", "sign-tls12", "rsa-key-exchange"]);

/** What a key can be for. */
export type KeyPurpose = z.infer<typeof operationSchema>;

/** A name that a client may ask for: a pattern of `server_names.ts`, "" for no SNI. */
export const serverNameSchema = z.string().toLowerCase().refine(
  isServerNamePattern,
  'a host name, "*." and a host name, or "" for clients without SNI',
);
