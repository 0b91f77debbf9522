import assert from "node:assert/strict";
import fc from "fast-check";
import { keyUri, parsePkcs11Uri, Pkcs11UriError } from "./uri.ts";

Deno.test("a token's URI with a module and a PIN file is read", () => {
  assert.deepEqual(
    parsePkcs11Uri(
      "pkcs11:token=My%20Token;serial=0a;slot-id=7;model=v2;manufacturer=A%26B" +
        "?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/pin",
    ),
    {
      token: "My Token",
      manufacturer: "A&B",
      serial: "0a",
      model: "v2",
      slotId: 7,
      modulePath: "/usr/lib/softhsm/libsofthsm2.so",
      pinSource: "file:/etc/pin",
    },
  );
});

Deno.test("a key's URI with a binary id is read; the scheme is not case-sensitive", () => {
  assert.deepEqual(parsePkcs11Uri("PKCS11:object=www;type=private;id=%00%ffA"), {
    object: "www",
    type: "private",
    id: new Uint8Array([0, 255, 65]),
  });
  assert.deepEqual(parsePkcs11Uri("pkcs11:"), {});
});

Deno.test("every object label survives percent-encoding", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (label) => {
    fc.pre(label.isWellFormed());
    assert.equal(parsePkcs11Uri(`pkcs11:object=${encodeURIComponent(label)}`).object, label);
  }));
});

const refused: [string, string, RegExp][] = [
  ["another scheme", "pkcs12:token=a", /does not read/],
  ["an empty text", "", /does not read/],
  ["a fragment", "pkcs11:token=a#b", /does not read/],
  ["an attribute twice", "pkcs11:token=a;token=b", /token comes twice/],
  ["a query attribute twice", "pkcs11:?module-path=/a&module-path=/b", /comes twice/],
  ["an unknown path attribute", "pkcs11:tokn=a", /tokn is not supported/],
  ["an unknown query attribute", "pkcs11:token=a?module-name=p11", /module-name is not supported/],
  ["a query attribute in the path", "pkcs11:module-path=a", /module-path is not supported/],
  ["an attribute without a value", "pkcs11:token", /no name or no value/],
  ["an attribute without a name", "pkcs11:=a", /no name or no value/],
  ["a trailing separator", "pkcs11:token=a;", /no name or no value/],
  ["a space as it is", "pkcs11:token=my token", /must be percent-encoded/],
  ["a slash as it is in the path", "pkcs11:token=a/b", /must be percent-encoded/],
  ["a cut percent-encoding", "pkcs11:token=a%4", /must be percent-encoded/],
  ["a text that is not UTF-8", "pkcs11:token=%ff", /not UTF-8/],
  ["a slot-id that is no number", "pkcs11:slot-id=0x1", /slot-id/],
  ["a type that is not a private key", "pkcs11:type=cert", /type can only be private/],
  ["an empty id", "pkcs11:id=", /id is empty/],
];
for (const [what, text, reason] of refused) {
  Deno.test(`a PKCS#11 URI with ${what} is refused`, () => {
    assert.throws(() => parsePkcs11Uri(text), (error) => {
      assert.ok(error instanceof Pkcs11UriError);
      assert.match(error.message, reason);
      return true;
    });
  });
}

Deno.test("T22: a PIN in a URI is refused, and the error does not repeat it", () => {
  assert.throws(() => parsePkcs11Uri("pkcs11:token=a?pin-value=s3cret99"), (error: Error) => {
    assert.match(error.message, /pin-value/);
    assert.doesNotMatch(error.message, /s3cret99/);
    return true;
  });
});

Deno.test("a key's URI as it is written is read as the same token and label, whatever is in them", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((value) =>
    value.isWellFormed()
  );
  fc.assert(fc.property(text, text, text, (token, serial, object) => {
    assert.deepEqual(
      parsePkcs11Uri(keyUri({ token, serial, object, modulePath: "/x.so", pinSource: "file:/pin" })),
      {
        token,
        serial,
        object,
        type: "private",
      },
    );
  }));
});
