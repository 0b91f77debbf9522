import { dirname, resolve } from "node:path";

/** `path` as the file `configFile` means it: relative to that file's own folder. Always absolute. */
export function pathBesideConfig(configFile: string, path: string): string {
  return resolve(dirname(resolve(configFile)), path);
}
