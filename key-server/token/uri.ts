import { HoldfastError } from "../../shared/errors.ts";

/** The attributes of a PKCS#11 URI (RFC 7512) that Holdfast uses. */
export interface Pkcs11Uri {
  readonly token?: string;
  readonly manufacturer?: string;
  readonly serial?: string;
  readonly model?: string;
  readonly slotId?: number;
  readonly object?: string;
  readonly type?: "private";
  readonly id?: Uint8Array;
  readonly modulePath?: string;
  /** `file:PATH`, as a secret source of the configuration. */
  readonly pinSource?: string;
}

/** A text that is no PKCS#11 URI, or one that Holdfast cannot use. Never quotes the text: it might hold a PIN. */
export class Pkcs11UriError extends HoldfastError {
  constructor(reason: string) {
    super("pkcs11-uri", `Cannot use a PKCS#11 URI: ${reason}`);
  }
}

// RFC 7512, Section 2.3: pk11-pchar and pk11-qchar.
const pathValue = /^(?:[A-Za-z0-9._~:[\]@!$'()*+,=&-]|%[0-9A-Fa-f]{2})*$/;
const queryValue = /^(?:[A-Za-z0-9._~:[\]@!$'()*+,=/?|-]|%[0-9A-Fa-f]{2})*$/;

const pathNames = new Set(["token", "manufacturer", "serial", "model", "slot-id", "object", "type", "id"]);
const queryNames = new Set(["module-path", "pin-source"]);

/** Percent-decodes to bytes: `id` is binary. */
function decodeBytes(value: string): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < value.length; i++) {
    const escaped = value[i] === "%";
    bytes.push(escaped ? parseInt(value.slice(i + 1, i + 3), 16) : value.charCodeAt(i));
    if (escaped) i += 2;
  }
  return new Uint8Array(bytes);
}

function decodeText(name: string, value: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(decodeBytes(value));
  } catch {
    throw new Pkcs11UriError(`the value of ${name} is not UTF-8`);
  }
}

/** Splits `a=b;c=d`; each name must be known, each may come once. */
function parseAttributes(
  text: string,
  separator: string,
  known: Set<string>,
  value: RegExp,
): Map<string, string> {
  const attributes = new Map<string, string>();
  if (text === "") return attributes;
  for (const part of text.split(separator)) {
    const equals = part.indexOf("=");
    if (equals < 1) throw new Pkcs11UriError("an attribute has no name or no value");
    const name = part.slice(0, equals);
    if (name === "pin-value") {
      throw new Pkcs11UriError("pin-value would put the PIN into a configuration; use pin-source=file:PATH");
    }
    if (!known.has(name)) throw new Pkcs11UriError(`the attribute ${safeName(name)} is not supported here`);
    if (attributes.has(name)) throw new Pkcs11UriError(`the attribute ${name} comes twice`);
    if (!value.test(part.slice(equals + 1))) {
      throw new Pkcs11UriError(`the value of ${name} has a character that must be percent-encoded`);
    }
    attributes.set(name, part.slice(equals + 1));
  }
  return attributes;
}

function safeName(name: string): string {
  return /^[a-z0-9-]{1,40}$/.test(name) ? name : "given";
}

function parseSlotId(value: string): number {
  if (!/^[0-9]{1,10}$/.test(value)) throw new Pkcs11UriError("slot-id is not a decimal number");
  return Number(value);
}

function parseType(value: string): "private" {
  if (value !== "private") throw new Pkcs11UriError("type can only be private here");
  return value;
}

/** The binary id; an empty one finds nothing. */
function parseId(value: string): Uint8Array {
  const id = decodeBytes(value);
  if (id.length === 0) throw new Pkcs11UriError("id is empty");
  return id;
}

/** RFC 7512, Section 2.3. Throws Pkcs11UriError for anything that Holdfast would have to guess about. */
export function parsePkcs11Uri(text: string): Pkcs11Uri {
  const match = /^pkcs11:([^?#]*)(?:\?([^#]*))?$/is.exec(text);
  if (match === null) throw new Pkcs11UriError('it does not read "pkcs11:attributes?attributes"');
  const path = parseAttributes(match[1] ?? "", ";", pathNames, pathValue);
  const query = parseAttributes(match[2] ?? "", "&", queryNames, queryValue);
  const textOf = (attributes: Map<string, string>, name: string) => {
    const value = attributes.get(name);
    return value === undefined ? undefined : decodeText(name, value);
  };
  const optional = <T>(name: string, parse: (value: string) => T) => {
    const value = path.get(name);
    return value === undefined ? undefined : parse(value);
  };
  return withoutUndefined({
    token: textOf(path, "token"),
    manufacturer: textOf(path, "manufacturer"),
    serial: textOf(path, "serial"),
    model: textOf(path, "model"),
    object: textOf(path, "object"),
    slotId: optional("slot-id", parseSlotId),
    type: optional("type", parseType),
    id: optional("id", parseId),
    modulePath: textOf(query, "module-path"),
    pinSource: textOf(query, "pin-source"),
  });
}

function withoutUndefined(fields: { [Name in keyof Pkcs11Uri]: Pkcs11Uri[Name] | undefined }): Pkcs11Uri {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A private key's URI as text, without module-path and PIN. */
export function keyUri({ token, manufacturer, serial, model, slotId, object, id }: Pkcs11Uri): string {
  const attributes = Object.entries({
    token,
    manufacturer,
    serial,
    model,
    "slot-id": slotId?.toString(),
    object,
  })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value!)}`);
  if (id !== undefined) {
    attributes.push(`id=${Array.from(id, (byte) => `%${new Uint8Array([byte]).toHex()}`).join("")}`);
  }
  return `pkcs11:${[...attributes, "type=private"].join(";")}`;
}
