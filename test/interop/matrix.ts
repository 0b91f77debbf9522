import {
  type Cell,
  type CertificateName,
  certificates,
  ciphers,
  type ClientName,
  groups,
  type Version,
  versions,
} from "./cell.ts";

/** What each client can be asked, and why it is not asked the rest. */
interface Abilities {
  /** Its suite and group can be told it, one of each. */
  readonly isSteered: boolean;
  readonly resumes: boolean;
  readonly clientCertificates: boolean;
  readonly rsa: boolean;
}

const abilities: Readonly<Record<ClientName, Abilities>> = {
  openssl: { isSteered: true, resumes: true, clientCertificates: true, rsa: true },
  gnutls: { isSteered: true, resumes: true, clientCertificates: true, rsa: true },
  // curl offers its session again and does not say whether it was taken.
  curl: { isSteered: true, resumes: false, clientCertificates: true, rsa: true },
  // tstclnt takes a client certificate from a key database only, counts resumptions of TLS 1.2 alone, and wants an RSA
  // certificate to be for key encipherment, which ours are not.
  nss: { isSteered: true, resumes: false, clientCertificates: false, rsa: false },
  // Chromium's suites and groups cannot be set, and DevTools says nothing of resumption.
  chromium: { isSteered: false, resumes: false, clientCertificates: false, rsa: true },
};

/** Every cell, client by client. */
export function wholeMatrix(): Cell[] {
  return (Object.keys(abilities) as ClientName[]).flatMap((client) =>
    versions.flatMap((version) =>
      certificates.flatMap((certificate) => cellsOf(client, version, certificate))
    )
  );
}

function cellsOf(client: ClientName, version: Version, certificate: CertificateName): Cell[] {
  const { isSteered, resumes, clientCertificates, rsa } = abilities[client];
  if (certificate === "rsa" && !rsa) return [];
  const as = (changes: Partial<Cell> = {}): Cell => ({
    ...{
      client,
      version,
      certificate,
      cipher: "any",
      group: "any",
      resumes: false,
      clientCertificate: false,
    },
    ...changes,
  });
  const steered = isSteered
    ? ciphers.flatMap((cipher) =>
      groups.flatMap((group) =>
        (resumes ? [false, true] : [false]).map((resumes) => as({ cipher, group, resumes }))
      )
    )
    : [];
  const authenticated = clientCertificates
    ? (resumes ? [false, true] : [false]).map((resumes) => as({ resumes, clientCertificate: true }))
    : [];
  return [as(), ...steered, ...authenticated];
}

/**
 * A part that takes seconds and has every value of every axis: the browser once, each steered client with its suites,
 * groups and certificates in step, each kind of resumption and client certificate once a version.
 */
export function shortSlice(): Cell[] {
  return wholeMatrix().filter((cell) => {
    const { client, version, cipher, group, certificate, clientCertificate } = cell;
    if (client === "chromium") return version === "1.3" && certificate === "p256";
    if (clientCertificate) return certificate === "p256";
    if (cipher === "any" || group === "any") return false;
    return (ciphers.indexOf(cipher) + groups.indexOf(group)) % 3 === 0 &&
      certificates.indexOf(certificate) === ciphers.indexOf(cipher);
  });
}
