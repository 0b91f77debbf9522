import { dirname, resolve } from "node:path";
import { z } from "zod";

/** A file's path in a configuration: one line, so that a key pasted in its place is refused unread. */
export const pathSchema = z.string().regex(/^[^\0\r\n]{1,4096}$/, {
  error: "a path, relative to this file's folder",
});

/** `path` as the file `configFile` means it: relative to that file's own folder. Always absolute. */
export function pathBesideConfig(configFile: string, path: string): string {
  return resolve(dirname(resolve(configFile)), path);
}
