import {
  allCipherSuites,
  findTls12CipherSuite,
  findTls13CipherSuite,
  rsaKeyExchangeSuites,
} from "../../../edge-terminator/tls/cipher_suites.ts";
import { CipherSuite, NamedGroup } from "../../../shared/tls_constants.ts";
import type { Endpoint } from "../../harness/clients/negotiated.ts";
import { KeyLogSession } from "./key_log.ts";
import type { AuditedSession, SessionTarget } from "./session.ts";
import { Tls12Session } from "./tls12_session.ts";
import { Tls13Session } from "./tls13_session.ts";

const tls13Groups = ["X25519MLKEM768", "x25519", "secp256r1", "secp384r1"] as const;
const tls12Groups = ["x25519", "secp256r1", "secp384r1"] as const;

const suiteNames = new Map(Object.entries(CipherSuite).map(([name, id]) => [id as number, name]));
const nameOf = (suite: number) => suiteNames.get(suite) ?? `0x${suite.toString(16)}`;

/** Begins a session of every version, suite and group, with HelloRetryRequest and with RSA key exchange. */
export async function beginEverySession(target: SessionTarget): Promise<AuditedSession[]> {
  const sessions: AuditedSession[] = [];
  for (const suite of allCipherSuites) {
    const isTls13 = findTls13CipherSuite(suite) !== undefined;
    for (const group of isTls13 ? tls13Groups : tls12Groups) {
      const of = { suite, group: NamedGroup[group] };
      const name = `${nameOf(suite)} with ${group}`;
      const kind = isTls13 ? Tls13Session : Tls12Session;
      sessions.push(await kind.begin(name, target, of));
    }
  }
  for (const suite of rsaKeyExchangeSuites) {
    sessions.push(await Tls12Session.begin(nameOf(suite), target, { suite }));
  }
  for (const suite of allCipherSuites.filter((suite) => findTls12CipherSuite(suite) !== undefined)) {
    const of = { suite, group: NamedGroup.x25519, takesTicket: true };
    sessions.push(await Tls12Session.begin(`${nameOf(suite)} with a ticket`, target, of));
  }
  for (const group of ["x25519", "secp256r1"] as const) {
    const of = { suite: CipherSuite.TLS_AES_256_GCM_SHA384, group: NamedGroup[group], retry: true };
    sessions.push(await Tls13Session.begin(`after a HelloRetryRequest for ${group}`, target, of));
  }
  return sessions;
}

/** Begins a resumption of each session, by its ticket or its id; the first one stays open beside it. */
export async function beginResumptions(
  target: SessionTarget,
  earlier: readonly AuditedSession[],
): Promise<AuditedSession[]> {
  const resumed: AuditedSession[] = [];
  for (const session of earlier) {
    const name = `${session.name}, resumed`;
    if (session instanceof Tls13Session) {
      const of = { suite: session.ticketSuite, group: NamedGroup.x25519, after: session };
      resumed.push(await Tls13Session.begin(name, target, of));
    } else if (session instanceof Tls12Session) {
      const of = { suite: session.suite, group: NamedGroup.x25519, after: session };
      resumed.push(await Tls12Session.begin(name, target, of));
    }
  }
  return resumed;
}

/** Makes `count` sessions of TLS 1.2 that the server keeps by their ids, so that older ones have to go. */
export async function replaceKeptSessions(target: SessionTarget, count: number): Promise<void> {
  const of = { suite: CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, group: NamedGroup.x25519 };
  for (let index = 0; index < count; index++) {
    using session = await Tls12Session.begin(`session ${index} in another's place`, target, of);
    await session.complete();
    await session.close();
  }
}

/** One session of each version: TLS 1.3 as it is preferred, TLS 1.2 as the server keeps it by its id. */
export async function beginEachVersion(target: SessionTarget): Promise<AuditedSession[]> {
  const of13 = { suite: CipherSuite.TLS_AES_128_GCM_SHA256, group: NamedGroup.x25519 };
  const of12 = { suite: CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, group: NamedGroup.secp256r1 };
  return [
    await Tls13Session.begin("TLS_AES_128_GCM_SHA256 with x25519", target, of13),
    await Tls12Session.begin("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 with secp256r1", target, of12),
  ];
}

/** The same by OpenSSL, with its key log. */
export async function beginOpensslSessions(target: Endpoint): Promise<AuditedSession[]> {
  const aead = "aes-256-gcm";
  return [
    await KeyLogSession.begin(target, {
      version: "1.3",
      cipherSuite: "TLS_AES_256_GCM_SHA384",
      hash: "sha384",
      aead,
    }),
    await KeyLogSession.begin(target, {
      version: "1.2",
      cipherSuite: "ECDHE-ECDSA-AES256-GCM-SHA384",
      hash: "sha384",
      aead,
    }),
  ];
}
