import { constantTimeEqual } from "../../shared/libcrypto/constant_time.ts";
import type { TicketKey } from "../tls/tickets/ticket_key_provider.ts";

/** The key of this name; every key's name is compared, whichever matches, each in constant time (S10). */
export function findByName<Key extends TicketKey>(keys: readonly Key[], name: Uint8Array): Key | undefined {
  let found: Key | undefined;
  for (const key of keys) {
    if (constantTimeEqual(name, key.name)) found = key;
  }
  return found;
}
