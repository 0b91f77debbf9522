/** Pieces of control messages. */
import { z } from "zod";

/** DER in base64. */
export const derSchema = z.base64().min(4).max(64 << 10);

/** A name that people gave: of a name, a ticket domain. */
export const givenNameSchema = z.string().regex(/^[A-Za-z0-9*][A-Za-z0-9._*-]{0,252}$/);

/** A host name, or `*.` and a host name, in lower case; "" for clients without SNI. */
export const hostNameSchema = z.string().regex(/^(?:\*\.)?[a-z0-9_.-]{0,253}$/);

/** Which registry the versions are of: an instant and 16 random hexadecimal digits. A later one sorts after. */
export const lineageSchema = z.string().regex(
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z-[0-9a-f]{16}$/,
);

/** A version of the registry; 0 is before the first. */
export const versionSchema = z.int().min(0);

/** Tells two states of one name apart: whoever holds the tag holds the content. Opaque to the edge. */
export const tagSchema = z.string().regex(/^[0-9a-f]{32}$/);

/** Tells an edge's installation from another that has the same identity. */
export const instanceSchema = z.string().regex(/^[0-9a-f]{32}$/);

/** Words for a log. */
export const reasonSchema = z.string().max(1000);
