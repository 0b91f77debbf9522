import type { ServedName, TaggedName } from "../../shared/control_protocol/served_name.ts";
import { type LoadedCertificate, pushedCertificate } from "../certificates/chain_loader.ts";
import { CertificateError } from "../certificates/errors.ts";
import type { WholeUpdate } from "./document.ts";

/** A name as a worker serves it. */
export interface LoadedName {
  readonly name: string;
  /** Undefined: whatever its certificates are for. */
  readonly serverNames: readonly string[] | undefined;
  /** Undefined: none was given to it. */
  readonly ticketDomain: string | undefined;
  /** Those that clients are shown, by preference. */
  readonly active: readonly LoadedCertificate[];
  /** Ready to be shown. */
  readonly staged: readonly LoadedCertificate[];
  readonly challenges: readonly LoadedChallenge[];
}

/** What answers a tls-alpn-01 challenge (RFC 8737) for a server name. */
interface LoadedChallenge {
  readonly serverName: string;
  readonly certificate: LoadedCertificate;
}

/** A name that cannot be used as it was sent. */
export interface NameProblem {
  readonly name: string;
  readonly reason: string;
}

/**
 * Every name that the edge was sent, decoded. A name of which something cannot be used stays as it was, and counts as a
 * problem until it is sent anew.
 */
export class ServedNames {
  lineage = "";
  version = 0;
  #names = new Map<string, LoadedName>();
  #tags = new Map<string, string>();
  #problems = new Map<string, string>();

  get problems(): readonly NameProblem[] {
    return [...this.#problems].map(([name, reason]) => ({ name, reason }));
  }

  /** By name, so that all workers see them in one order. */
  get names(): readonly LoadedName[] {
    return [...this.#names.values()].sort((one, other) => one.name < other.name ? -1 : 1);
  }

  /** What the edge holds, for its hello: also of names that it could not use, so that they are not sent again. */
  get tags(): readonly { readonly name: string; readonly tag: string }[] {
    return [...this.#tags].map(([name, tag]) => ({ name, tag }));
  }

  /** Takes a newer update, which the supervisor has found to follow on what was taken before; all at once, at its end. */
  async take(update: WholeUpdate): Promise<void> {
    const next: Held = {
      names: new Map(this.#names),
      tags: new Map(this.#tags),
      problems: new Map(this.#problems),
    };
    const put = new Set(update.put.map(({ content }) => content.name));
    const dropped = update.from === 0 ? this.#tags.keys() : update.remove;
    for (const name of dropped) {
      next.tags.delete(name);
      next.problems.delete(name);
      // One that comes again as it was, or cannot be used as it comes, goes on being served.
      if (!put.has(name)) next.names.delete(name);
    }
    for (const tagged of update.put) {
      putName(next, tagged);
      await turn();
    }
    this.#names = next.names;
    this.#tags = next.tags;
    this.#problems = next.problems;
    this.lineage = update.lineage;
    this.version = update.version;
  }
}

interface Held {
  readonly names: Map<string, LoadedName>;
  readonly tags: Map<string, string>;
  readonly problems: Map<string, string>;
}

function putName({ names, tags, problems }: Held, { tag, content }: TaggedName): void {
  const { name } = content;
  tags.set(name, tag);
  problems.delete(name);
  try {
    names.set(name, loaded(content, names.get(name)));
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    problems.set(name, error.reason);
  }
}

function loaded(content: ServedName, former: LoadedName | undefined): LoadedName {
  const { name, serverNames, ticketDomain, transcript } = content;
  const known = new Map<string, LoadedCertificate>(
    [...former?.active ?? [], ...former?.staged ?? []].map((
      certificate,
    ) => [textOf(certificate), certificate]),
  );
  const load = (chain: readonly string[]): LoadedCertificate => {
    const certificate = known.get(chain.join()) ?? decode(name, chain);
    const needsTranscript = transcript === "strict";
    return (certificate.needsTranscript ?? false) === needsTranscript
      ? certificate
      : { ...certificate, needsTranscript };
  };
  const inPhase = (wanted: "active" | "staged") =>
    content.certificates.filter(({ phase }) => phase === wanted).map(({ chain }) => load(chain));
  return {
    name,
    serverNames,
    ticketDomain,
    active: inPhase("active"),
    staged: inPhase("staged"),
    challenges: content.challenges.map(({ serverName, certificate }) => ({
      serverName,
      certificate: load([certificate]),
    })),
  };
}

function decode(name: string, chain: readonly string[]): LoadedCertificate {
  return pushedCertificate(`of ${name}`, chain.map((der) => Uint8Array.fromBase64(der)));
}

function textOf({ chain }: LoadedCertificate): string {
  return chain.map((der) => der.toBase64()).join();
}

/** Other work's: a handshake waits for one name's certificates at most. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
