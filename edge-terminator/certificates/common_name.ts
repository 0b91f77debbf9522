/**
 * The common name in a distinguished name as RFC 2253 writes it; undefined when there is none. Of several the most
 * specific one, which comes first. Escapes are undone: what an attribute's value contains is never taken for another
 * attribute.
 */
export function commonNameOf(distinguishedName: string): string | undefined {
  for (const attribute of attributesOf(distinguishedName)) {
    const [, value] = /^CN=(.*)$/s.exec(attribute) ?? [];
    // "#" begins the hexadecimal form, of a value that is no text.
    if (value !== undefined) return value.startsWith("#") ? undefined : unescape(value);
  }
  return undefined;
}

/** Cut at each "," and "+" that is neither escaped nor within quotes; escapes are kept. */
function attributesOf(distinguishedName: string): string[] {
  return distinguishedName.match(/(?:\\.|"(?:\\.|[^"\\])*"|[^,+"\\])+/gs) ?? [];
}

/** "\" with a special character, or with two hexadecimal digits of UTF-8 (RFC 2253, Section 2.4). */
function unescape(value: string): string {
  const bytes: number[] = [];
  const utf8 = new TextEncoder();
  for (const part of value.match(/\\[0-9A-Fa-f]{2}|\\?[^\\]/gsu) ?? []) {
    if (/^\\[0-9A-Fa-f]{2}$/.test(part)) bytes.push(parseInt(part.slice(1), 16));
    else bytes.push(...utf8.encode(part.replace(/^\\/, "")));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
