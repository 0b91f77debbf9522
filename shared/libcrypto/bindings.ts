import { UnsupportedPlatformError } from "../libc/errors.ts";
import type { WithLooseArguments } from "../libc/loose_arguments.ts";
import { LibcryptoUnavailableError } from "./errors.ts";
import { libcryptoSymbols } from "./symbols.ts";

export type LibcryptoSymbols = WithLooseArguments<Deno.DynamicLibrary<typeof libcryptoSymbols>["symbols"]>;

let loaded: LibcryptoSymbols | undefined;

/**
 * libcrypto, opened at the first call. Needs `--allow-ffi`.
 *
 * @throws {UnsupportedPlatformError} on anything but Linux
 * @throws {LibcryptoUnavailableError} when libcrypto 3 is not installed
 */
export function libcrypto(): LibcryptoSymbols {
  return loaded ??= open();
}

function open(): LibcryptoSymbols {
  if (Deno.build.os !== "linux") throw new UnsupportedPlatformError("open OpenSSL's libcrypto");
  try {
    return Deno.dlopen("libcrypto.so.3", libcryptoSymbols).symbols as unknown as LibcryptoSymbols;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new LibcryptoUnavailableError(error);
  }
}

/** A C string for a `buffer` parameter. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

/**
 * Where bytes of the JavaScript heap are, for a parameter that points to a pointer. The caller keeps them reachable for
 * as long as native code may look.
 */
export function addressOf(bytes: Uint8Array): bigint {
  // Reading `buffer` moves a small array out of the garbage collected heap, where it might be moved.
  const { buffer, byteOffset } = bytes;
  const start = Deno.UnsafePointer.of(buffer as ArrayBuffer);
  return BigInt(Deno.UnsafePointer.value(start)) + BigInt(byteOffset);
}
