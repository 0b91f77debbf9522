import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mustRun } from "../../command.ts";
import type { InstalledToken } from "../../installation.ts";

/** A function in which the module can hang. */
export type HangingCall =
  | "C_Initialize"
  | "C_Finalize"
  | "C_GetSlotList"
  | "C_GetTokenInfo"
  | "C_OpenSession"
  | "C_CloseSession"
  | "C_GetAttributeValue"
  | "C_FindObjectsInit"
  | "C_FindObjects"
  | "C_SignInit"
  | "C_Sign"
  | "C_Login";

/** A real PKCS#11 module before a token's own, compiled for the test: it forwards, counts logins, and hangs on demand. */
export class ShimModule {
  private constructor(readonly path: string, readonly folder: string, readonly token: InstalledToken) {}

  /** In a folder that exists; it is the test's. */
  static async build(folder: string, token: InstalledToken): Promise<ShimModule> {
    const path = join(folder, "shim.so");
    const source = fileURLToPath(new URL("shim.cpp", import.meta.url));
    await mustRun("g++", ["-O1", "-shared", "-fPIC", "-o", path, source], { deadline: 60_000 });
    return new ShimModule(path, folder, token);
  }

  /** What a process must have in its environment. */
  get env(): Record<string, string> {
    return { ...this.token.env, SHIM_MODULE: this.token.modulePath, SHIM_FOLDER: this.folder };
  }

  /** The token by this module. */
  get uri(): string {
    return `pkcs11:token=${this.token.label}?module-path=${this.path}`;
  }

  /** From now on a call of the function does not come back. */
  async hang(call: HangingCall): Promise<void> {
    await Deno.writeTextFile(join(this.folder, `hang-${call}`), "");
  }

  /** Every call that hangs in the function comes back and goes on. */
  async goOn(call: HangingCall): Promise<void> {
    await Deno.remove(join(this.folder, `hang-${call}`));
  }

  /** From now on a call of the function fails with CKR_DEVICE_ERROR. */
  async fail(call: HangingCall): Promise<void> {
    await Deno.writeTextFile(join(this.folder, `fail-${call}`), "");
  }

  /** Calls of the function succeed again. */
  async mend(call: HangingCall): Promise<void> {
    await Deno.remove(join(this.folder, `fail-${call}`));
  }

  /** Adds to the flags that the token says of itself. */
  async addFlags(bits: number): Promise<void> {
    await Deno.writeTextFile(join(this.folder, "flags"), String(bits));
  }

  /** How often a function was called, of those that are noted: C_Login, and `hanging NAME`. */
  async count(call: "C_Login" | `hanging ${HangingCall}`): Promise<number> {
    const text = await Deno.readTextFile(join(this.folder, "calls")).catch(() => "");
    return text.split("\n").filter((line) => line === call).length;
  }
}
