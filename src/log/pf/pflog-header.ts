import type { Family } from '../../net/address.ts';
import type { HostNames } from '../hosts.ts';
import { readIp } from './ip.ts';
import type { Packet, PacketAction, PacketDirection } from './packet.ts';

/** IFNAMSIZ of every system that has pf. */
const INTERFACE_BYTES = 16;
const INTERFACE_AT = 4;
const ALIGNMENT_BYTES = 4;
/** With OpenBSD's addresses before translation, the longest known. */
const MAX_BYTES = 100;
/** From this length on, `dir` follows two uids and two pids. */
const USUAL_BYTES = 61;

const AF_INET = 2;
/** AF_INET6 of OpenBSD and NetBSD; of FreeBSD and DragonFly; of macOS. */
const AF_INET6: ReadonlySet<number> = new Set([24, 28, 30]);

const PF_PASS = 0;
const PF_DROP = 1;
const PF_IN = 1;
const PF_OUT = 2;

/**
 * Reads bytes[start, end), a packet of a pflog file: struct pfloghdr (pflog(4), <net/if_pflog.h>)
 * and the IP packet after it. Returns whether it could be read.
 *
 *     0 length  1 af  2 action  3 reason  4 ifname[16]  20 ruleset[16]  36 rulenr  40 subrulenr
 *     44 uid  48 pid  52 rule_uid  56 rule_pid  60 dir
 *
 * This is all (length 61) in OpenBSD before 4.9, FreeBSD before 14, NetBSD, DragonFly and macOS.
 * FreeBSD adds ridentifier (69); OpenBSD adds rewritten, naf, saddr, daddr, sport and dport (100), the
 * addresses after translation. OpenBSD 3.4 has no uids and pids (45); OPNsense has ridentifier instead
 * of them (49). `length` excludes the padding to a multiple of 4.
 */
export function readPflog(
  bytes: Buffer,
  start: number,
  end: number,
  interfaces: HostNames,
  packet: Packet,
): boolean {
  if (end - start < USUAL_BYTES - 16) return false;
  const length = bytes[start] ?? 0;
  const directionAt = directionOffset(length);
  const family = familyOf(bytes[start + 1] ?? 0);
  const ipAt = start + Math.ceil(length / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  if (directionAt < 0 || family === 0 || ipAt >= end) return false;
  const nameAt = start + INTERFACE_AT;
  let nameEnd = nameAt;
  while (nameEnd < nameAt + INTERFACE_BYTES && bytes[nameEnd] !== 0) nameEnd++;
  if (nameEnd === nameAt || nameEnd === nameAt + INTERFACE_BYTES) return false;
  packet.interface = interfaces.name(interfaces.id(bytes, nameAt, nameEnd));
  packet.action = actionOf(bytes[start + 2] ?? 0);
  packet.direction = directionOf(bytes[start + directionAt] ?? 0);
  return readIp(bytes, ipAt, end, family, packet);
}

/** Offset of `dir` in a header of this length; -1 if there is no such header. */
function directionOffset(length: number): number {
  if (length >= USUAL_BYTES) return length <= MAX_BYTES ? USUAL_BYTES - 1 : -1;
  return length === 45 || length === 49 ? length - 1 : -1;
}

function familyOf(af: number): Family | 0 {
  if (af === AF_INET) return 4;
  return AF_INET6.has(af) ? 6 : 0;
}

function actionOf(action: number): PacketAction {
  return action === PF_DROP ? 'block' : action === PF_PASS ? 'pass' : 'other';
}

function directionOf(direction: number): PacketDirection {
  return direction === PF_IN ? 'in' : direction === PF_OUT ? 'out' : 'other';
}
