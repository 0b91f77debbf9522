import { maximumNames } from "../../shared/control_protocol/edge_messages.ts";
import { ControlProtocolError } from "../../shared/control_protocol/errors.ts";
import type { TaggedName } from "../../shared/control_protocol/served_name.ts";
import type { Update } from "../../shared/control_protocol/server_messages.ts";
import { sizeOf } from "../../shared/control_protocol/update_parts.ts";
import type { WholeUpdate } from "./document.ts";

/** Bytes of certificates that one update may have: what 50,000 names with a chain of 5 KiB need. */
const mostBytes = 256 << 20;

/** Puts the parts of one connection's updates together. */
export class UpdateAssembly {
  #put: TaggedName[] = [];
  #remove: string[] = [];
  #bytes = 0;
  #first: Update | undefined;

  /** The whole update with its last part; undefined before. Throws ControlProtocolError for what does not fit together. */
  add(part: Update): WholeUpdate | undefined {
    const { lineage, version, from } = this.#first ??= part;
    if (part.lineage !== lineage || part.version !== version || part.from !== from) {
      throw new ControlProtocolError("Cannot take an update: its parts are of different ones");
    }
    this.#put.push(...part.put);
    this.#remove.push(...part.remove);
    this.#bytes += part.put.reduce((sum, name) => sum + sizeOf(name), 0);
    if (this.#bytes > mostBytes || this.#put.length > maximumNames || this.#remove.length > maximumNames) {
      throw new ControlProtocolError("Cannot take an update: it has more than an edge holds");
    }
    if (part.more) return undefined;
    const whole = { lineage, version, from, put: this.#put, remove: this.#remove };
    this.#put = [];
    this.#remove = [];
    this.#bytes = 0;
    this.#first = undefined;
    return whole;
  }
}
