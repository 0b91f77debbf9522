import { Buffer } from "node:buffer";
import pkcs11js, { type Handle } from "pkcs11js";
import type { Secret } from "../../shared/memory/secret.ts";
import { TokenError } from "./errors.ts";

/** PKCS #11 3.0, Section 3.6: CK_FUNCTION_LIST is a version of 2 bytes, then pointers, C_Login the 19th. */
const loginOffset = 8 + 18 * 8;

/** C_Login(hSession, userType, pPin, ulPinLen) */
const loginSignature = { parameters: ["u64", "u64", "pointer", "u64"], result: "u64" } as const;

/**
 * C_Login of a module that the addon has loaded, called with the PIN where it is: the addon would take a JavaScript
 * string, which nobody can overwrite. The module is the same one, for the loader knows it by its file.
 *
 * @param modulePath absolute, as the addon was given it
 * @throws {TokenError} with the name of what the module answered
 */
export function nativeLogin(modulePath: string, session: Handle, pin: Secret | Uint8Array): void {
  const { symbols } = openModule(modulePath);
  const list = new BigUint64Array(1);
  check(symbols.C_GetFunctionList(list));
  const login = Deno.UnsafePointer.create<typeof loginSignature>(
    new Deno.UnsafePointerView(Deno.UnsafePointer.create(list[0]!)!).getBigUint64(loginOffset),
  )!;
  const handle = Buffer.from(session).readBigUInt64LE();
  const address = "address" in pin
    ? Deno.UnsafePointer.create(BigInt(pin.address))
    : Deno.UnsafePointer.of(pin as Uint8Array<ArrayBuffer>);
  const call = new Deno.UnsafeFnPointer(login, loginSignature);
  check(call.call(handle, BigInt(pkcs11js.CKU_USER), address, BigInt(pin.length)));
}

function openModule(path: string) {
  try {
    return Deno.dlopen(path, { C_GetFunctionList: { parameters: ["buffer"], result: "u64" } });
  } catch (cause) {
    throw new TokenError(
      `Cannot log in: the PKCS#11 module ${path} cannot be opened a second time`,
      undefined,
      {
        cause,
      },
    );
  }
}

function check(returnValue: bigint): void {
  if (returnValue === 0n) return;
  const name =
    Object.entries(pkcs11js).find(([name, value]) =>
      name.startsWith("CKR_") && BigInt(value as number) === returnValue
    )?.[0] ?? `CKR_0x${returnValue.toString(16).toUpperCase()}`;
  throw new TokenError(`Cannot log in to the token: ${name}`, name);
}
