import type { TlsServerOptions } from "../../../../edge-terminator/tls/server_options.ts";
import type { ClientKind } from "./visitors.ts";
import type { Manners } from "./driver.ts";

/** One kind of connection. */
export interface Mode {
  readonly name: string;
  /** Absent: the input is a stream of bytes, without a client. */
  readonly client?: ClientKind;
  readonly manners: Manners;
  readonly options: Partial<TlsServerOptions>;
  /** Whether the site asks for client certificates; the input says how. */
  readonly asks: boolean;
  /** Whether the sessions of ids are somebody else's. */
  readonly elsewhere: boolean;
}

const exporting: Partial<TlsServerOptions> = { exportsKeyingMaterial: true };

function mode(name: string, client?: ClientKind, more: Partial<Omit<Mode, "name" | "client">> = {}): Mode {
  return {
    name,
    manners: "well",
    options: {},
    asks: false,
    elsewhere: false,
    ...(client && { client }),
    ...more,
  };
}

/** What the input's first byte chooses. */
export const modes: readonly Mode[] = [
  mode("stream"),
  mode("TLS 1.3", "TLS 1.3"),
  mode("TLS 1.3, exporting", "TLS 1.3", { options: exporting }),
  mode("TLS 1.3, resuming", "TLS 1.3, resuming"),
  mode("TLS 1.2", "TLS 1.2"),
  mode("fails", "TLS 1.3", { manners: "fails" }),
  mode("refuses the name", "TLS 1.3", { manners: "refuses the name" }),
  mode("TLS 1.3, certificates", "TLS 1.3", { asks: true }),
  mode("TLS 1.3, certificates, slowly", "TLS 1.3", { asks: true, manners: "slowly", options: exporting }),
  mode("TLS 1.3, certificates, cannot verify", "TLS 1.3", { asks: true, manners: "cannot verify" }),
  mode("TLS 1.3, certificates, trusts nobody", "TLS 1.3", { asks: true, manners: "trusts nobody" }),
  mode("TLS 1.3, certificates, resuming", "TLS 1.3, authenticated, resuming", { asks: true }),
  mode("TLS 1.2, certificates", "TLS 1.2", { asks: true, options: exporting }),
  mode("TLS 1.2, certificates, slowly", "TLS 1.2", { asks: true, manners: "slowly" }),
  mode("TLS 1.2, certificates, cannot verify", "TLS 1.2", { asks: true, manners: "cannot verify" }),
  mode("TLS 1.2, certificates, trusts nobody", "TLS 1.2", { asks: true, manners: "trusts nobody" }),
  mode("TLS 1.2, RSA", "TLS 1.2, RSA", { options: exporting }),
  mode("TLS 1.2, RSA, slowly", "TLS 1.2, RSA", { manners: "slowly" }),
  mode("TLS 1.2, RSA, fails", "TLS 1.2, RSA", { manners: "fails" }),
  mode("TLS 1.2, RSA, certificates", "TLS 1.2, RSA", { asks: true }),
  mode("TLS 1.2, session id", "TLS 1.2, session id", { options: exporting }),
  mode("TLS 1.2, session id, certificates", "TLS 1.2, session id", { asks: true }),
  mode("TLS 1.2, session elsewhere", "TLS 1.2, session id", { elsewhere: true }),
  mode("TLS 1.2, session elsewhere, slowly", "TLS 1.2, session id", { elsewhere: true, manners: "slowly" }),
  mode("TLS 1.2, session elsewhere, certificates", "TLS 1.2, session id", { elsewhere: true, asks: true }),
  mode("TLS 1.2, session nowhere", "TLS 1.2, session id", { elsewhere: true, manners: "fails" }),
  mode("TLS 1.2, ticket", "TLS 1.2, ticket", { options: exporting }),
];
