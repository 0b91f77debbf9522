import { CipherSuite } from "../../../../shared/tls_constants.ts";

/** Cipher suites by preference; those of one group are equal, and the client's order decides among them. */
export type CipherPreference = readonly (readonly number[])[];

const {
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
  TLS_RSA_WITH_AES_128_GCM_SHA256,
  TLS_RSA_WITH_AES_256_GCM_SHA384,
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
} = CipherSuite;

/** TLS 1.3's suites stand outside of `-cipher`. */
const tls13Suites = [TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256];

const aes128Suites = [
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  TLS_RSA_WITH_AES_128_GCM_SHA256,
];

const otherSuites = [
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
  TLS_RSA_WITH_AES_256_GCM_SHA384,
];

/** Without `-cipher` BoringSSL takes the client's order. */
export const clientsOrder: CipherPreference = [[...tls13Suites, ...aes128Suites, ...otherSuites]];

/** Names that stand for several suites. What is no AEAD, such as 3DES, is none of ours. */
const aliases: Readonly<Record<string, readonly number[]>> = {
  "ALL": [...aes128Suites, ...otherSuites],
  "AES128": aes128Suites,
};

/** OpenSSL's cipher list as the runner writes it: `NAME:[NAME|NAME]:…`, IANA's names. Unknown suites are left out. */
export function parseCipherList(text: string): CipherPreference {
  const groups = text.split(":").flatMap((part) => {
    if (part.startsWith("[")) return [part.slice(1, -1).split("|").flatMap(suitesNamed)];
    return suitesNamed(part).map((suite) => [suite]);
  });
  return [tls13Suites, ...groups.filter((group) => group.length > 0)];
}

function suitesNamed(name: string): readonly number[] {
  const ours = [...aes128Suites, ...otherSuites];
  const number = (CipherSuite as Readonly<Record<string, number>>)[name];
  return aliases[name] ?? ours.filter((suite) => suite === number);
}
