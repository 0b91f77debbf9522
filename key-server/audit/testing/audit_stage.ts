/** For tests: an audit log in a folder of its own, signed with a key of this process. */
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { createLogger } from "../../../shared/log.ts";
import { SignatureScheme } from "../../../shared/tls_constants.ts";
import { TemporaryFolder } from "../../../test/harness/temporary_folder.ts";
import type { KeyOperationEvent } from "../audit_log.ts";
import { ChainedAuditLog, type ChainedAuditLogOptions } from "../chained_audit_log.ts";
import type { CheckpointSigner } from "../checkpoint.ts";
import type { AuditRecord } from "../chained_line.ts";
import { verifyLog } from "../verify_log.ts";

/** A signer with a P-256 key in memory, where a key server has one in its token. */
export function softwareSigner(): CheckpointSigner {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "der" },
  });
  const key = createPrivateKey({ key: privateKey, format: "der", type: "pkcs8" });
  return {
    publicKey: new Uint8Array(publicKey),
    signatureScheme: SignatureScheme.ecdsa_secp256r1_sha256,
    sign: (content) => Promise.resolve(new Uint8Array(sign("sha256", content, key))),
  };
}

/** An operation of one of a few edges. */
export function operation(changes: Partial<KeyOperationEvent> = {}): KeyOperationEvent {
  return {
    kind: "key-operation",
    edge: "spiffe://holdfast.test/edge/pop1",
    key: "www-ecdsa",
    operation: "sign-tls13",
    serverName: "www.holdfast.test",
    result: "ok",
    ...changes,
  };
}

export class AuditStage implements AsyncDisposable {
  readonly signer = softwareSigner();
  now = new Date("2026-11-21T12:00:00.000Z");

  private constructor(readonly folder: TemporaryFolder) {}

  static async create(): Promise<AuditStage> {
    return new AuditStage(await TemporaryFolder.create());
  }

  /** The log's folder. */
  get path(): string {
    return this.folder.file("audit");
  }

  open(changes: Partial<ChainedAuditLogOptions> = {}): Promise<ChainedAuditLog> {
    return ChainedAuditLog.open({
      folder: this.path,
      fileBytes: 1 << 20,
      keyOperations: "each",
      checkpointInterval: 3_600_000,
      syncInterval: 3_600_000,
      signer: this.signer,
      log: createLogger("test", "silent"),
      now: () => this.now,
      ...changes,
    });
  }

  /** Every record, verified. */
  async records(): Promise<AuditRecord[]> {
    const records: AuditRecord[] = [];
    await verifyLog(this.path, { onRecord: (record) => void records.push(record) });
    return records;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }
}
