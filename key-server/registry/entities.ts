/** Everything that the registry keeps, by kind. */
import type { z } from "zod";
import { authoritySchema } from "./entities/authority.ts";
import { certificateSchema } from "./entities/certificate.ts";
import { challengeSchema } from "./entities/challenge.ts";
import { edgeSchema } from "./entities/edge.ts";
import { enrolmentTokenSchema } from "./entities/enrolment_token.ts";
import { keySchema } from "./entities/key.ts";
import { nameSchema } from "./entities/name.ts";
import { permissionSchema } from "./entities/permission.ts";
import { rotationSchema } from "./entities/rotation.ts";
import { ticketDomainSchema } from "./entities/ticket_domain.ts";

/** A kind of entity: its shape, and which field tells one from another. */
interface EntityKindDefinition<S extends z.ZodObject> {
  readonly schema: S;
  readonly idOf: (entity: z.infer<S>) => string;
}

const kind = <S extends z.ZodObject>(
  schema: S,
  idOf: (entity: z.infer<S>) => string,
): EntityKindDefinition<S> => ({ schema, idOf });

export const entityKinds = {
  key: kind(keySchema, ({ name }) => name),
  certificate: kind(certificateSchema, ({ id }) => id),
  name: kind(nameSchema, ({ name }) => name),
  edge: kind(edgeSchema, ({ identity }) => identity),
  permission: kind(permissionSchema, ({ id }) => id),
  authority: kind(authoritySchema, ({ name }) => name),
  "enrolment-token": kind(enrolmentTokenSchema, ({ id }) => id),
  "ticket-domain": kind(ticketDomainSchema, ({ name }) => name),
  challenge: kind(challengeSchema, ({ serverName }) => serverName),
  rotation: kind(rotationSchema, ({ id }) => id),
};

export type EntityKind = keyof typeof entityKinds;

/** The shape of each kind. */
export type Entities = { readonly [K in EntityKind]: z.infer<(typeof entityKinds)[K]["schema"]> };
