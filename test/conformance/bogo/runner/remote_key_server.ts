import { join } from "node:path";
import { writeIdentity, writePublic } from "../../../../certs/write.ts";
import type { ConfigTable } from "../../../harness/config_patch.ts";
import { edgeIdentity, keyServerName } from "../../../harness/identities.ts";
import { Installation } from "../../../harness/installation.ts";
import { ownLoopbackAddress } from "../../../harness/loopback.ts";
import type { ProductProcess } from "../../../harness/processes/product_process.ts";
import type { KeySpec } from "../../../harness/token/softhsm_token.ts";
import type { RemoteKeySettings } from "../shim/remote_keys.ts";
import type { OperationCounts } from "./report.ts";

const signing = ["sign-tls13", "sign-tls12"] as const;
const operations = [...signing, "rsa-key-exchange"] as const;

/** A key server in a process of its own that holds the runner's keys in a SoftHSM token, for shims as its edges. */
export class RemoteKeyServer implements AsyncDisposable {
  private constructor(
    readonly process: ProductProcess,
    /** What makes a shim use it. */
    readonly shimFlags: readonly string[],
    readonly tally: string,
  ) {}

  /** With these keys in its token; everything it needs is written into `folder`. */
  static async start(folder: string, keys: readonly KeySpec[]): Promise<RemoteKeyServer> {
    const home = join(folder, "key-server");
    await Deno.mkdir(home, { mode: 0o700 });
    const decrypting = keys.map((key) => ({ ...key, decrypts: isRsa(key) }));
    const installation = await Installation.create({
      folder: home,
      host: ownLoopbackAddress(),
      keys: decrypting,
    });
    await writeIdentity(home, "edge-pop1", await installation.pki.edgeIdentity(edgeIdentity("pop1")));
    const tally = installation.file("tally");
    await Deno.writeFile(tally, new Uint8Array(0));
    const settings: RemoteKeySettings = {
      ...installation.address("keyServer"),
      name: keyServerName,
      ca: installation.file("key-server-ca.pem"),
      certificate: installation.file("edge-pop1.pem"),
      privateKey: installation.file("edge-pop1.key"),
      tally,
    };
    const settingsFile = installation.file("remote-key.json");
    await writePublic(settingsFile, JSON.stringify(settings));
    const process = await installation.startKeyServer({
      patch: everyNameGranted(keys),
    });
    return new RemoteKeyServer(process, ["-remote-key", settingsFile], tally);
  }

  /** How many private key operations the shims asked for, and how many the key server says that it did. */
  async operations(): Promise<OperationCounts> {
    const counts = await Promise.all(
      operations.map((operation) =>
        this.process.metric("holdfast_key_server_operations_total", { operation })
      ),
    );
    return {
      asked: (await Deno.stat(this.tally)).size,
      done: counts.reduce((sum, count) => sum + count, 0),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

/** The runner asks for names as it likes, or for none: the grants have no list. */
function everyNameGranted(keys: readonly KeySpec[]): ConfigTable {
  const purposes = (key: KeySpec) => isRsa(key) ? operations : signing;
  return {
    key: keys.map((key) => ({
      name: key.name,
      uri: `pkcs11:object=${key.name};type=private`,
      purposes: purposes(key),
    })),
    grant: keys.map((key) => ({
      edge: edgeIdentity("pop1"),
      key: key.name,
      operations: purposes(key),
    })),
    log: { level: "warn" },
  };
}

function isRsa({ type }: KeySpec): boolean {
  return type.startsWith("rsa");
}
