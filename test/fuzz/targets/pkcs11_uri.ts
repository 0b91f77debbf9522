import { parsePkcs11Uri, Pkcs11UriError } from "../../../key-server/token/uri.ts";
import { type FuzzSubject, type FuzzTarget, promise } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";

const pin = "s3cretPIN";

const uris = [
  "pkcs11:token=holdfast?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin",
  "pkcs11:object=www%20ecdsa;type=private;id=%00%ff",
  "pkcs11:manufacturer=a;serial=b;model=c;slot-id=7",
  `pkcs11:token=t?pin-value=${pin}`,
  `pkcs11:${pin}=;token=%c3%bc`,
  "PKCS11:",
];

const decoder = new TextDecoder("latin1");

/** A URI is understood or refused by its own error, which never tells what it says: there may be a PIN in it. */
class Pkcs11UriSubject implements FuzzSubject {
  readonly seeds = uris.map((uri) => new TextEncoder().encode(uri));

  run(input: Uint8Array): string {
    const words = outcomeOf(() => {
      const uri = parsePkcs11Uri(decoder.decode(input));
      promise(uri.id?.length !== 0, "an id is empty");
      promise(uri.slotId === undefined || Number.isSafeInteger(uri.slotId), "a slot-id is no number");
      return `has ${Object.keys(uri)}`;
    }, Pkcs11UriError);
    promise(!words.includes(pin), "the error tells the PIN");
    return words;
  }
}

export const pkcs11UriTarget: FuzzTarget = {
  name: "pkcs11-uri",
  about: "PKCS#11 URIs of the configuration",
  open: () => new Pkcs11UriSubject(),
};
