/** For tests: messages of both sides. */
import fc from "fast-check";
import type { EdgeMessage } from "../edge_messages.ts";
import type { ServerMessage } from "../server_messages.ts";

const hexadecimal = (length: number) =>
  fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length })
    .map((digits) => digits.join(""));
const der = fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => bytes.toBase64());
const givenName = fc.stringMatching(/^[A-Za-z0-9*][A-Za-z0-9._*-]{0,20}$/);
const hostName = fc.stringMatching(/^[a-z0-9]{1,10}\.[a-z]{2,5}$/);
const version = fc.nat();
const lineage = hexadecimal(16).map((random) => `2026-11-21T12:00:00.000Z-${random}`);
const reason = fc.string({ maxLength: 50 });
const tag = hexadecimal(32);
const optional = <T, K extends keyof T>(model: { [P in keyof T]: fc.Arbitrary<T[P]> }, ...keys: K[]) => {
  const requiredKeys = (Object.keys(model) as (keyof T)[]).filter((key) => !keys.includes(key as K));
  return fc.record(model, { requiredKeys });
};

const servedName = optional(
  {
    name: givenName,
    serverNames: fc.array(hostName, { minLength: 1, maxLength: 3 }),
    certificates: fc.array(
      fc.record({
        id: hexadecimal(64),
        chain: fc.array(der, { minLength: 1, maxLength: 3 }),
        phase: fc.constantFrom("staged" as const, "active" as const),
      }),
      { maxLength: 3 },
    ),
    challenges: fc.array(fc.record({ serverName: hostName, certificate: der }), { maxLength: 2 }),
    operations: fc.subarray(["sign-tls13", "sign-tls12", "rsa-key-exchange"] as const)
      .map((operations) => [...operations]),
    transcript: fc.constantFrom("hash" as const, "strict" as const),
    ticketDomain: givenName,
  },
  "serverNames",
  "ticketDomain",
);

const fixedBytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => bytes.toBase64());
const domain = givenName;
const body = fc.uint8Array({ maxLength: 200 }).map((bytes) => bytes.toBase64());

const announcement = fc.record({
  publicKey: fixedBytes(32),
  madeAt: fc.nat(),
  signatureScheme: fc.integer({ min: 0, max: 0xffff }),
  signature: body,
  chain: fc.array(der, { minLength: 1, maxLength: 3 }),
});

const keyReport = fc.record({
  name: fixedBytes(16),
  state: fc.constantFrom("waiting" as const, "sealing" as const, "opening" as const),
  age: fc.nat(),
  acknowledged: fc.nat(),
  members: fc.nat(),
});

/** What edges say of ticket keys. */
const ticketEdgeMessages: fc.Arbitrary<EdgeMessage> = fc.oneof(
  fc.record({ type: fc.constant("ticket-join" as const), announcement }),
  fc.record({ type: fc.constant("ticket-send" as const), to: tag, body }),
  fc.record({
    type: fc.constant("ticket-report" as const),
    domains: fc.array(
      fc.record({
        domain,
        epoch: fc.nat(),
        keys: fc.array(keyReport, { maxLength: 3 }),
        foreignKeys: fc.nat(),
      }),
      { maxLength: 3 },
    ),
    issued: fc.nat(),
    resumed: fc.nat(),
    refused: fc.nat(),
  }),
);

/** What key servers say as a hub of ticket keys. */
const ticketServerMessages: fc.Arbitrary<ServerMessage> = fc.oneof(
  fc.record({
    type: fc.constant("ticket-members" as const),
    domain,
    epoch: fc.nat(),
    members: fc.array(fc.record({ instance: tag, edge: fc.webUrl(), announcement }), { maxLength: 3 }),
  }),
  fc.record({ type: fc.constant("ticket-message" as const), from: tag, body }),
  fc.record({ type: fc.constant("ticket-rotate" as const), domain }),
);

/** What edges say. */
export const edgeMessages: fc.Arbitrary<EdgeMessage> = fc.oneof(
  ticketEdgeMessages,
  fc.record({ type: fc.constant("pong" as const) }),
  fc.record({ type: fc.constant("renew" as const), request: der }),
  fc.record({
    type: fc.constant("ack" as const),
    lineage,
    version,
    problems: fc.array(fc.record({ name: givenName, reason }), { maxLength: 3 }),
  }),
  optional({
    type: fc.constant("hello" as const),
    instance: tag,
    software: reason,
    held: fc.record({
      lineage,
      version,
      names: fc.array(fc.record({ name: givenName, tag }), { maxLength: 5 }),
    }),
  }, "held"),
);

/** What key servers say. */
export const serverMessages: fc.Arbitrary<ServerMessage> = fc.oneof(
  ticketServerMessages,
  fc.record({ type: fc.constant("ping" as const) }),
  fc.record({ type: fc.constantFrom("revoked" as const), reason }),
  fc.record({ type: fc.constantFrom("refused" as const), reason }),
  fc.record({ type: fc.constantFrom("renewal-refused" as const), reason }),
  fc.record({
    type: fc.constant("identity" as const),
    chain: fc.array(der, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    type: fc.constant("update" as const),
    lineage,
    version,
    from: version,
    put: fc.array(fc.record({ tag, content: servedName }), { maxLength: 4 }),
    remove: fc.array(givenName, { maxLength: 4 }),
    more: fc.boolean(),
  }),
) as fc.Arbitrary<ServerMessage>;
