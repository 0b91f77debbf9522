/**
 * Does jobs in a PKCS#11 token, in a process of its own: a module reads SOFTHSM2_CONF only once, so no process can
 * speak to the tokens of two folders. Started by `softhsm_token.ts`; prints the jobs' answers as JSON.
 */
import pkcs11js, { type Handle, type PKCS11 } from "pkcs11js";
import { generateKeyPair } from "../../../key-server/token/generate.ts";
import { privateTemplate, publicTemplate } from "./imported_key.ts";
import type { GenerateJob, ImportJob, InitialiseJob, JobAnswer, TokenJob, TokenWork } from "./job.ts";

function run(work: TokenWork, job: TokenJob): Promise<JobAnswer> | JobAnswer {
  switch (job.job) {
    case "initialise":
      return withModule(work, (module) => initialise(module, work, job));
    case "import":
      return withModule(work, (module) => importKey(module, work, job));
    case "generate":
      return generate(work, job);
  }
}

function withModule({ modulePath }: TokenWork, use: (module: PKCS11) => void): null {
  const module = new pkcs11js.PKCS11();
  module.load(modulePath);
  module.C_Initialize();
  try {
    use(module);
    return null;
  } finally {
    module.C_Finalize();
  }
}

function initialise(module: PKCS11, { label, pin }: TokenWork, { securityOfficerPin }: InitialiseJob): void {
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

function importKey(module: PKCS11, { label, pin }: TokenWork, { name, key, decrypts }: ImportJob): void {
  const session = openSession(module, label);
  module.C_Login(session, pkcs11js.CKU_USER, pin);
  module.C_CreateObject(session, publicTemplate(name, key));
  module.C_CreateObject(session, privateTemplate(name, key, decrypts));
  module.C_Logout(session);
  module.C_CloseSession(session);
}

async function generate(
  { modulePath, label, pin }: TokenWork,
  { name, type, decrypts }: GenerateJob,
): Promise<JobAnswer> {
  const location = {
    uri: `pkcs11:token=${label}?module-path=${modulePath}`,
    readPin: () => Promise.resolve(new TextEncoder().encode(pin)),
  };
  return (await generateKeyPair(location, { label: name, algorithm: type, decrypts })).toBase64();
}

function openSession(module: PKCS11, label: string): Handle {
  const slot = module.C_GetSlotList(true).find((slot) =>
    module.C_GetTokenInfo(slot).label.trimEnd() === label
  );
  if (slot === undefined) throw new Error(`Cannot find a token with the label ${label}`);
  return module.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION | pkcs11js.CKF_RW_SESSION);
}

const work: TokenWork = await new Response(Deno.stdin.readable).json();
const answers: JobAnswer[] = [];
for (const job of work.jobs) answers.push(await run(work, job));
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(answers)));
