import type { AdminApiConfig } from "./admin_config.ts";
import type { Role } from "./roles.ts";

/** Who makes a call. */
export interface Administrator {
  /** As it stands in the audit log: `uid:0`, a certificate's URI, or `cn:` and its common name. */
  readonly name: string;
  /** Undefined: known by name and allowed nothing. */
  readonly role: Role | undefined;
}

/** Everybody that the configuration names. Root and the key server's own user are admins unless it says otherwise. */
export class Administrators {
  readonly #byUid: ReadonlyMap<number, Role>;
  readonly #byIdentity: ReadonlyMap<string, Role>;

  constructor(configured: AdminApiConfig["administrators"], ownUid = Deno.uid() ?? 0) {
    const byUid = new Map<number, Role>([[0, "admin"], [ownUid, "admin"]]);
    const byIdentity = new Map<string, Role>();
    for (const administrator of configured) {
      if ("uid" in administrator) byUid.set(administrator.uid, administrator.role);
      else byIdentity.set(administrator.identity, administrator.role);
    }
    this.#byUid = byUid;
    this.#byIdentity = byIdentity;
  }

  withUid(uid: number): Administrator {
    return { name: `uid:${uid}`, role: this.#byUid.get(uid) };
  }

  withIdentity(identity: string): Administrator {
    return { name: identity, role: this.#byIdentity.get(identity) };
  }
}
