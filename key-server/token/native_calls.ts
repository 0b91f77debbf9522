import { Buffer } from "node:buffer";
import pkcs11js, { type Handle } from "pkcs11js";
import type { Secret } from "../../shared/memory/secret.ts";
import { TokenError } from "./errors.ts";

/**
 * Where CK_FUNCTION_LIST has each (PKCS #11 3.0, Section 3.6: a version of 2 bytes, padded to 8, then pointers). Every call
 * is made in a thread of its own: one that hangs holds up nothing else.
 */
const functions = {
  /** C_Initialize(pInitArgs) */
  C_Initialize: { place: 0, parameters: ["buffer"] },
  /** C_Finalize(pReserved) */
  C_Finalize: { place: 1, parameters: ["pointer"] },
  /** C_Login(hSession, userType, pPin, ulPinLen) */
  C_Login: { place: 18, parameters: ["u64", "u64", "pointer", "u64"] },
} as const;

/** Initialises a module that is called from several threads, with the system's locks. Throws TokenError. */
export async function nativeInitialise(modulePath: string): Promise<void> {
  // CK_C_INITIALIZE_ARGS: four functions for mutexes, the flags, a pointer that is reserved.
  const initArgs = new BigUint64Array(6);
  initArgs[4] = BigInt(pkcs11js.CKF_OS_LOCKING_OK);
  await call(modulePath, "C_Initialize", [initArgs], `initialise the PKCS#11 module ${modulePath}`);
}

/** Ends a module; nothing may be in it. Throws TokenError. */
export async function nativeFinalise(modulePath: string): Promise<void> {
  await call(modulePath, "C_Finalize", [null], `finalise the PKCS#11 module ${modulePath}`);
}

/**
 * C_Login of a module that the addon has loaded, called with the PIN where it is: the addon would take a JavaScript
 * string, which nobody can overwrite. The module is the same one, for the loader knows it by its file. The PIN stays the
 * caller's, and in its place until the answer.
 *
 * @param modulePath absolute, as the addon was given it
 * @throws {TokenError} with the name of what the module answered
 */
export async function nativeLogin(
  modulePath: string,
  session: Handle,
  pin: Secret | Uint8Array,
): Promise<void> {
  const handle = Buffer.from(session).readBigUInt64LE();
  const address = "address" in pin
    ? Deno.UnsafePointer.create(BigInt(pin.address))
    : Deno.UnsafePointer.of(pin as Uint8Array<ArrayBuffer>);
  const parameters = [handle, BigInt(pkcs11js.CKU_USER), address, BigInt(pin.length)];
  await call(modulePath, "C_Login", parameters, "log in to the token");
}

interface NativeCall {
  call(...parameters: readonly unknown[]): Promise<bigint>;
}

async function call(
  modulePath: string,
  name: keyof typeof functions,
  parameters: readonly unknown[],
  intent: string,
): Promise<void> {
  const { symbols } = openModule(modulePath);
  const list = new BigUint64Array(1);
  check(symbols.C_GetFunctionList(list), intent);
  const { place, parameters: types } = functions[name];
  const definition = { parameters: [...types], result: "u64", nonblocking: true } as const;
  const address = new Deno.UnsafePointerView(Deno.UnsafePointer.create(list[0]!)!).getBigUint64(
    8 + place * 8,
  );
  const pointer = Deno.UnsafePointer.create<typeof definition>(address)!;
  const native = new Deno.UnsafeFnPointer(pointer, definition) as unknown as NativeCall;
  check(await native.call(...parameters), intent);
}

function openModule(path: string) {
  try {
    return Deno.dlopen(path, { C_GetFunctionList: { parameters: ["buffer"], result: "u64" } });
  } catch (cause) {
    const message = `Cannot use the PKCS#11 module ${path}: it cannot be opened a second time`;
    throw new TokenError(message, undefined, { cause });
  }
}

function check(returnValue: bigint, intent: string): void {
  if (returnValue === 0n) return;
  const name =
    Object.entries(pkcs11js).find(([name, value]) =>
      name.startsWith("CKR_") && BigInt(value as number) === returnValue
    )?.[0] ?? `CKR_0x${returnValue.toString(16).toUpperCase()}`;
  throw new TokenError(`Cannot ${intent}: ${name}`, name);
}
