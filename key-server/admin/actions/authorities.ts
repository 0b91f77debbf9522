import { parseCertificate } from "../../../shared/libcrypto/x509.ts";
import type { AuthorityEntity } from "../../registry/entities/authority.ts";
import { AdminError, notFound } from "../errors.ts";
import type { AuthorityView, CreateAuthority } from "../schemas/authorities.ts";
import type { AdminServices } from "../services.ts";
import { chainText } from "./certificate_work.ts";

export function listAuthorities({ registry }: AdminServices): AuthorityView[] {
  return registry.state.list("authority").map(viewOfAuthority);
}

export function getAuthority({ registry }: AdminServices, name: string): AuthorityView {
  const authority = registry.state.get("authority", name);
  if (authority === undefined) throw notFound("show an authority", "authority", name);
  return viewOfAuthority(authority);
}

export async function createAuthority(
  { registry, keyManagement }: AdminServices,
  { name = undefined, purpose, token }: CreateAuthority,
  author: string,
): Promise<AuthorityView> {
  const id = name ?? purpose;
  if (registry.state.get("authority", id) !== undefined) {
    throw new AdminError("conflict", `Cannot create the authority ${id}: it is there already`);
  }
  const request = { name: id, purpose, ...(token !== undefined && { token }) };
  return viewOfAuthority(await keyManagement.createAuthority(request, author));
}

function viewOfAuthority(authority: AuthorityEntity): AuthorityView {
  const { subject } = parseCertificate(Uint8Array.fromBase64(authority.chain[0]!));
  return { ...authority, chain: chainText(authority), subject };
}
