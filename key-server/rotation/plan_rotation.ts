import type { CertificateEntity } from "../registry/entities/certificate.ts";
import { keyAlgorithmSchema } from "../registry/entities/key.ts";
import type { Binding, NameEntity } from "../registry/entities/name.ts";
import type { RotationEntity } from "../registry/entities/rotation.ts";
import type { RegistryState } from "../registry/registry.ts";
import { isUnderWay } from "../registry/rules/rotation_rules.ts";
import type { KeyAlgorithm } from "../token/key_templates.ts";
import { type Credential, keyOf } from "./arriving_and_leaving.ts";
import { RotationError, type RotationRequest } from "./rotations.ts";
import type { RotationParts } from "./step.ts";

/** What a rotation is to do: the request with everything decided that it left open. */
export type RotationPlan = Pick<
  RotationEntity,
  "name" | "algorithm" | "issuer" | "replaces" | "drainTime" | "destroys" | "token"
>;

const isRsa = (algorithm: string) => algorithm.startsWith("rsa-");

/** Decides what a request means for the name as it is. Throws RotationError. */
export function planRotation(request: RotationRequest, parts: RotationParts): RotationPlan {
  const { state } = parts.registry;
  const name = state.get("name", request.name);
  if (name === undefined) throw new RotationError(`there is no name ${request.name}`);
  const running = state.list("rotation").find((rotation) =>
    rotation.name === name.name && isUnderWay(rotation)
  );
  if (running !== undefined) throw new RotationError(`${name.name} has a rotation under way, ${running.id}`);
  const replaced = replacedBindings(state, name, request);
  const algorithm = request.algorithm ?? algorithmOf(state, name, replaced);
  const issuer = request.issuer ?? issuerOf(state, name, replaced);
  checkIssuer(issuer, name, parts);
  return {
    name: name.name,
    algorithm,
    issuer,
    replaces: replaced.map((binding) => credential(name, binding)),
    drainTime: request.drainTime ?? parts.config.drainTime,
    destroys: request.destroys === undefined ? "generated" : request.destroys ? "all" : "none",
    ...(request.token === undefined ? {} : { token: request.token }),
  };
}

function replacedBindings(state: RegistryState, name: NameEntity, request: RotationRequest): Binding[] {
  const active = name.bindings.filter(({ phase }) => phase === "active");
  const { replaces: wanted, algorithm } = request;
  if (wanted !== undefined) {
    return wanted.map((key) => {
      const binding = active.find((candidate) => candidate.key === key);
      if (binding === undefined) throw new RotationError(`${name.name} does not serve with the key ${key}`);
      return binding;
    });
  }
  if (active.length <= 1) return active;
  if (algorithm === undefined) {
    throw new RotationError(
      `${name.name} has ${active.length} keys (${
        active.map(({ key }) => key).join(", ")
      }); say to what, or which`,
    );
  }
  // Clients that only know the other kind keep it.
  return active.filter(({ key }) => isRsa(keyOf(state, key).algorithm) === isRsa(algorithm));
}

function credential({ name }: NameEntity, { key, certificate }: Binding): Credential {
  if (certificate !== undefined) return { key, certificate };
  throw new RotationError(
    `edges serve ${name} with ${key} from a file of their own; give the key its certificate here first`,
  );
}

function algorithmOf(state: RegistryState, { name }: NameEntity, [first]: readonly Binding[]): KeyAlgorithm {
  if (first === undefined) {
    throw new RotationError(`${name} has no key yet; say what kind its first one is to be`);
  }
  const { data } = keyAlgorithmSchema.safeParse(keyOf(state, first.key).algorithm);
  if (data !== undefined) return data;
  throw new RotationError(`a key like ${first.key} cannot be made; say what kind the new one is to be`);
}

const issuers: Readonly<Record<CertificateEntity["source"], RotationEntity["issuer"] | undefined>> = {
  acme: "acme",
  development: "development",
  external: "csr",
  imported: undefined,
};

function issuerOf(
  state: RegistryState,
  { name }: NameEntity,
  [first]: readonly Binding[],
): RotationEntity["issuer"] {
  const { source } = state.get("certificate", first?.certificate ?? "") ?? {};
  const issuer = source && issuers[source];
  if (issuer !== undefined) return issuer;
  throw new RotationError(
    `nobody knows who issues the certificate for ${name}; say acme, csr or development`,
  );
}

/** What would fail for certain, later and for long. */
function checkIssuer(
  issuer: RotationEntity["issuer"],
  { name, serverNames }: NameEntity,
  parts: RotationParts,
): void {
  const certified = serverNames?.filter((serverName) => serverName !== "") ?? [];
  if (certified.length === 0) throw new RotationError(`${name} has no host names to certify`);
  if (issuer !== "acme") return;
  if (parts.acme === undefined) throw new RotationError("no [acme] is configured");
  const wildcard = certified.find((serverName) => serverName.startsWith("*."));
  if (wildcard !== undefined) {
    throw new RotationError(`${wildcard} cannot be proved to an ACME CA by tls-alpn-01; use another issuer`);
  }
}
