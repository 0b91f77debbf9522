import { createHash, createPublicKey } from "node:crypto";
import { Buffer } from "node:buffer";
import acme from "acme-client";
import { readSecret } from "../../../shared/config/secret_source.ts";
import { signAsWebCrypto } from "../token_crypto.ts";
import { inToken, type TokenKeys } from "../token_keys.ts";
import type { TokenKey } from "../../token/token_key.ts";
import type { AcmeConfig } from "./acme_config.ts";
import { type HttpsAnswer, requestHttps } from "./https.ts";

interface Jws {
  protected: string;
  payload: string;
  signature?: string;
}

/**
 * The part of acme-client in which an account's key is used and in which it speaks to the CA. It is not of its public interface,
 * which knows keys in PEM only; the version is pinned, and the tests against a real CA fail if this ever changes.
 */
interface HttpParts {
  getJwk(): JsonWebKey;
  prepareSignedBody(algorithm: string, url: string, payload: unknown, options?: object): Jws;
  createSignedBody(url: string, payload?: unknown, options?: object): Promise<Jws>;
  request(url: string, method: string, options?: { data?: Promise<Jws> }): Promise<HttpsAnswer>;
}

/**
 * A client of the CA, with an account whose key is in a token: made when the token has none yet, and registered with the CA
 * unless it was before. Throws TokenError, IssuanceError, and Error with the CA's words.
 */
export async function openAccount(
  config: AcmeConfig,
  keys: TokenKeys,
  signal: AbortSignal,
): Promise<acme.Client> {
  const key = await accountKey(config, keys);
  const client = new acme.Client({
    directoryUrl: config.directory,
    accountKey: "in the token",
    ...await externalAccountBinding(config),
  });
  const { http } = client as unknown as { http: HttpParts };
  signInToken(http, key);
  speakByFetch(http, config.ca, signal);
  await client.createAccount({ termsOfServiceAgreed: true, contact: [...config.contact] });
  return client;
}

/** One key for each CA: another directory is another account. */
async function accountKey({ directory, token }: AcmeConfig, keys: TokenKeys): Promise<TokenKey> {
  const label = `acme-account-${createHash("sha256").update(directory).digest("hex").slice(0, 12)}`;
  const { uri } = await keys.generate(inToken(token), { label, algorithm: "ecdsa-p256", once: true });
  return await keys.load(uri);
}

async function externalAccountBinding({ externalAccount, configFile }: AcmeConfig) {
  if (externalAccount === undefined) return {};
  const bytes = await readSecret(externalAccount.hmacKey, configFile);
  try {
    const hmacKey = new TextDecoder().decode(bytes);
    return { externalAccountBinding: { kid: externalAccount.keyId, hmacKey } };
  } finally {
    bytes.fill(0);
  }
}

/** JWS by ES256 (RFC 7518, Section 3.4): r||s, as WebCrypto has it. */
function signInToken(http: HttpParts, key: TokenKey): void {
  const { crv = "", x = "", y = "" } = publicJwk(key);
  // RFC 7638, Section 3: what the thumbprint is made of, in this order.
  const jwk = { crv, kty: "EC", x, y };
  http.getJwk = () => jwk;
  http.createSignedBody = async (url, payload, options) => {
    const body = http.prepareSignedBody("ES256", url, payload, options);
    const content = new TextEncoder().encode(`${body.protected}.${body.payload}`);
    const signature = await signAsWebCrypto(key, content);
    return { ...body, signature: Buffer.from(signature).toString("base64url") };
  };
}

/**
 * In place of axios, which would read proxies from the environment, takes its authorities from one place for the process, and
 * hides in acme-client why a CA cannot be reached.
 */
function speakByFetch(http: HttpParts, ca: string | undefined, signal: AbortSignal): void {
  http.request = async (url, method, { data } = {}) => {
    const headers = { "content-type": "application/jose+json", "user-agent": "holdfast" };
    const body = data === undefined ? {} : { body: JSON.stringify(await data) };
    return await requestHttps(url, { method: method.toUpperCase(), headers, ...body }, ca, signal);
  };
}

function publicJwk(key: TokenKey): JsonWebKey {
  const der = Buffer.from(key.publicKey.subjectPublicKeyInfo);
  return createPublicKey({ key: der, format: "der", type: "spki" }).export({ format: "jwk" }) as JsonWebKey;
}
