/** The `[audit]` section: where and how much is written down. */
import { z } from "zod";
import { pathSchema } from "../../shared/config/paths.ts";
import { parsePkcs11Uri } from "../token/uri.ts";

function namesKey(text: string): boolean {
  try {
    const { object, id } = parsePkcs11Uri(text);
    return object !== undefined || id !== undefined;
  } catch {
    return false;
  }
}

/** `example.toml` says what each key means. */
export const auditSectionSchema = z.strictObject({
  folder: pathSchema,
  key: z.string().refine(namesKey, "a PKCS#11 URI (RFC 7512) with object or id").optional(),
  key_operations: z.enum(["each", "by-minute"]).default("by-minute"),
  file_bytes: z.int().min(4096).max(2 ** 40).default(64 << 20),
  checkpoint_every_s: z.int().min(1).max(86_400).default(300),
  sync_every_ms: z.int().min(1).max(60_000).default(1000),
});

export type AuditSection = z.output<typeof auditSectionSchema>;
