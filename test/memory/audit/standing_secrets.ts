import { createHmac } from "node:crypto";
import { readSecret } from "../../../shared/config/secret_source.ts";
import type { NamedSecret } from "./named_secret.ts";

/** nginx's format: a name of 16 bytes, then 64 of key material. */
export const ticketKeyFile: Uint8Array<ArrayBuffer> = crypto.getRandomValues(new Uint8Array(80));

/** What an edge makes of a ticket key file, as `edge-terminator/ticket_keys/files/key_material.ts` says it does. */
export function ticketKeySecrets(): NamedSecret[] {
  const [name, material] = [ticketKeyFile.slice(0, 16), ticketKeyFile.slice(16)];
  const extracted = createHmac("sha256", name).update(material).digest();
  const info = new TextEncoder().encode("holdfast ticket key from a file 1\x01");
  const key = createHmac("sha256", extracted).update(info).digest();
  return [
    { name: "ticket key file: first key", bytes: material.slice(0, 32) },
    { name: "ticket key file: second key", bytes: material.slice(32) },
    { name: "ticket key file: extracted", bytes: new Uint8Array(extracted), hmac: "sha256" },
    { name: "ticket key", bytes: new Uint8Array(key), aead: "aes-256-gcm", isKept: true },
  ];
}

/** The token's PIN, which no process needs once it has logged in; also as JavaScript's two-byte strings have it. */
export async function pinSecrets(pinFile: string): Promise<NamedSecret[]> {
  const bytes = await readSecret(`file:${pinFile}`, "/");
  return [
    { name: "token PIN", bytes },
    {
      name: "token PIN in two-byte characters",
      bytes: Uint8Array.from([...bytes].flatMap((byte) => [byte, 0])),
    },
  ];
}
