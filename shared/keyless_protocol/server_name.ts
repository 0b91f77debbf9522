/** The longest host name (RFC 1035, Section 2.3.4, in text). */
const maximumServerNameLength = 253;

/** One label or more of letters, digits, hyphen and underscore, in lower case; no trailing dot (RFC 6066, 3). */
const hostName = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;

/** True for "" (no SNI) and for a host name as this protocol carries it. */
export function isWireServerName(name: string): boolean {
  return name === "" || (name.length <= maximumServerNameLength && hostName.test(name));
}
