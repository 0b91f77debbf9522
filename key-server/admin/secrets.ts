/** What must not be sent to a key server, by mistake either: requests are audited in full. */

/** Whether a PEM text has a private key of any format in it (RFC 7468, Sections 10 and 11; OpenSSL's own). */
export function holdsPrivateKey(pem: string): boolean {
  return /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(pem);
}

/** Whether a PKCS#11 URI says a PIN (RFC 7512, Section 2.4). */
export function holdsPin(uri: string): boolean {
  return /[?&;]pin-value=/i.test(uri);
}
