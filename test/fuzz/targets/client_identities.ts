import { type ClientIdentity, ClientPki } from "../../harness/client_pki.ts";

export const clientPki: ClientPki = await ClientPki.create();

/** Clients of an authority, one with each kind of key; the first one is what most clients are. */
export const clientIdentities: readonly ClientIdentity[] = [
  await clientPki.issue(),
  await clientPki.issue({ keyType: "ed25519" }),
  await clientPki.issue({ keyType: "ecdsa-p384" }),
  await clientPki.issue({ keyType: "rsa" }),
];
