import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { ticketKeyNameLength } from "../../tls/tickets/ticket_key_provider.ts";
import { TicketKeyFileError } from "../errors.ts";
import { entryLengths, type KeyMaterial } from "./key_material.ts";
import type { KeyFile } from "./open_key_file.ts";

/**
 * The one key of a file as nginx has it (ssl_session_ticket_key): 48 or 80 bytes, raw. Read from the file straight into
 * the pool. Throws {@link TicketKeyFileError}.
 */
export function readNginxKey(pool: LockedPool, file: KeyFile): KeyMaterial {
  if (!entryLengths.some((length) => length === file.size)) {
    throw new TicketKeyFileError(file.path, `it has ${file.size} bytes; expected 48 or 80 (openssl rand 80)`);
  }
  const name = new Uint8Array(ticketKeyNameLength);
  const material = pool.rent(file.size - ticketKeyNameLength);
  if (file.read(name) + file.read(material.bytes) < file.size || file.read(new Uint8Array(1)) > 0) {
    material[Symbol.dispose]();
    throw new TicketKeyFileError(file.path, "it changed while it was read");
  }
  return { name, material, [Symbol.dispose]: () => material[Symbol.dispose]() };
}
