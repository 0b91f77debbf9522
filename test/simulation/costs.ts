import { DevelopmentPki } from "../../certs/dev_pki.ts";
import {
  announce,
  AnnouncementVerifier,
  memberIdentity,
} from "../../edge-terminator/ticket_keys/hub/announcement.ts";
import { openLetter, sealLetter } from "../../edge-terminator/ticket_keys/hub/letter.ts";
import { makeAgingKey } from "../../edge-terminator/ticket_keys/aging_key.ts";
import { defaultSchedule } from "../../edge-terminator/ticket_keys/schedule.ts";
import { edgeMessageSchema } from "../../shared/control_protocol/edge_messages.ts";
import { encodeFrame } from "../../shared/control_protocol/frame.ts";
import { MessageReader } from "../../shared/control_protocol/message_reader.ts";
import type { TicketMember } from "../../shared/control_protocol/ticket_messages.ts";
import { EphemeralKeyPair } from "../../shared/libcrypto/key_agreement.ts";
import { randomBytes } from "../../shared/libcrypto/random.ts";
import { pemToDer } from "../../shared/libcrypto/x509.ts";
import { LockedPool } from "../../shared/memory/locked_pool.ts";

/** What the real codecs and libcrypto take: bytes of frames, milliseconds of CPU here. */
export interface Costs {
  readonly keyLetterBytes: number;
  readonly ackLetterBytes: number;
  /** In the list of members. */
  readonly memberBytes: number;
  readonly seal: number;
  readonly open: number;
  /** An announcement, when it is new. */
  readonly verify: number;
  /** One message through the hub: read, checked, written. */
  readonly relay: number;
  /** One member of one list, written by the hub. */
  readonly listMember: number;
}

/** Milliseconds of one run, the fastest of three rounds: others use this machine, too. */
function timed(rounds: number, run: () => void): number {
  run();
  const times = [0, 1, 2].map(() => {
    const began = performance.now();
    for (let round = 0; round < rounds; round++) run();
    return (performance.now() - began) / rounds;
  });
  return Math.min(...times);
}

/** Measures with `rounds` runs each. */
export async function measureCosts(rounds: number): Promise<Costs> {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using sender = EphemeralKeyPair.generate("x25519");
  using recipient = EphemeralKeyPair.generate("x25519");
  const [from, to] = [randomBytes(16).toHex(), randomBytes(16).toHex()];
  const key = makeAgingKey(pool, defaultSchedule, 0, { domain: "default", epoch: 0, sealsIn: 0 })!;
  using _key = key.secret;
  const clocks = { now: 0, wall: 0 };
  const path = { sender, recipientPublicKey: recipient.publicKey, path: { from, to }, serial: 1 };
  const sealKey = () => sealLetter(pool, path, { keys: [key], holds: [] }, clocks);
  const ack = sealLetter(pool, path, { keys: [], holds: [key.name] }, clocks);
  const letter = sealKey();
  const open = () => {
    const places = { recipient, senderPublicKey: sender.publicKey, path: { from, to }, after: 0 };
    for (const { secret } of openLetter(pool, places, letter, clocks).keys) secret[Symbol.dispose]();
  };
  const frameOf = (body: Uint8Array) => encodeFrame({ type: "ticket-send", to, body: body.toBase64() });
  const relay = () => {
    for (const message of new MessageReader(edgeMessageSchema).push(frameOf(letter))) {
      if (message.type === "ticket-send") encodeFrame({ type: "ticket-message", from, body: message.body });
    }
  };
  const { member, verify } = await aMember(from);
  const members = Array.from({ length: 200 }, () => member);
  return {
    keyLetterBytes: frameOf(letter).length,
    ackLetterBytes: frameOf(ack).length,
    memberBytes: JSON.stringify(member).length + 1,
    seal: timed(rounds, sealKey),
    open: timed(rounds, open),
    verify: timed(rounds, verify),
    relay: timed(rounds, relay),
    listMember: timed(Math.ceil(rounds / 50), () => encodeFrame({ members })) / members.length,
  };
}

async function aMember(instance: string): Promise<{ member: TicketMember; verify: () => void }> {
  const pki = await DevelopmentPki.create();
  const edge = "spiffe://holdfast.test/edge/1";
  const { certificatePem: certificate, privateKeyPem: privateKey } = await pki.edgeIdentity(edge);
  const signer = memberIdentity({ certificate, privateKey, notAfter: Infinity });
  const member = { instance, edge, announcement: announce(signer, instance, randomBytes(32), 1) };
  const verifier = new AnnouncementVerifier(pemToDer(pki.edges.certificatePem));
  return { member, verify: () => verifier.verify(member) };
}
