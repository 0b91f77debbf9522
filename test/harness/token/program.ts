/**
 * Does one job in a PKCS#11 token, in a process of its own: a module reads SOFTHSM2_CONF only once, so no process
 * can speak to two tokens folders. Started by `softhsm_token.ts`.
 */
import pkcs11js, { type Handle, type PKCS11 } from "pkcs11js";
import { privateTemplate, publicTemplate } from "./imported_key.ts";
import type { ImportJob, InitialiseJob, TokenJob } from "./job.ts";

function run(job: TokenJob): void {
  const module = new pkcs11js.PKCS11();
  module.load(job.modulePath);
  module.C_Initialize();
  try {
    if (job.job === "initialise") initialise(module, job);
    else importKey(module, job);
  } finally {
    module.C_Finalize();
  }
}

function initialise(module: PKCS11, { label, pin, securityOfficerPin }: InitialiseJob): void {
  const free = module.C_GetSlotList(true).find((slot) =>
    (module.C_GetTokenInfo(slot).flags & pkcs11js.CKF_TOKEN_INITIALIZED) === 0
  );
  if (free === undefined) throw new Error("Cannot initialise a token: no free slot");
  // PKCS #11, C_InitToken: the label is 32 bytes, padded with blanks.
  module.C_InitToken(free, securityOfficerPin, label.padEnd(32));
  const session = openSession(module, label);
  module.C_Login(session, pkcs11js.CKU_SO, securityOfficerPin);
  module.C_InitPIN(session, pin);
  module.C_Logout(session);
  module.C_CloseSession(session);
}

function importKey(module: PKCS11, { label, pin, name, key }: ImportJob): void {
  const session = openSession(module, label);
  module.C_Login(session, pkcs11js.CKU_USER, pin);
  module.C_CreateObject(session, publicTemplate(name, key));
  module.C_CreateObject(session, privateTemplate(name, key));
  module.C_Logout(session);
  module.C_CloseSession(session);
}

function openSession(module: PKCS11, label: string): Handle {
  const slot = module.C_GetSlotList(true).find((slot) =>
    module.C_GetTokenInfo(slot).label.trimEnd() === label
  );
  if (slot === undefined) throw new Error(`Cannot find a token with the label ${label}`);
  return module.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
}

run(await new Response(Deno.stdin.readable).json());
