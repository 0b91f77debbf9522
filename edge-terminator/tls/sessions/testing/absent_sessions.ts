import { randomBytes } from "../../../../shared/libcrypto/random.ts";
import { type SessionCache, sessionIdLength, type SessionPolicy } from "../session_cache.ts";

/** For tests: a cache that is somebody else's, so that an engine has to ask for every session of it. */
export function absentSessions(cache: SessionCache): SessionPolicy {
  return {
    cache: {
      store: (id, state, secret, domain) => cache.store(id, state, secret, domain),
      find: () => undefined,
      remove: (id) => cache.remove(id),
    },
    elsewhere: { newId: () => randomBytes(sessionIdLength), mayHave: () => true },
  };
}
