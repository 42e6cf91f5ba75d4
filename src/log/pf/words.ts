import { asciiBytes, sameBytes } from '../bytes.ts';
import {
  type PacketAction,
  type PacketDirection,
  TCP_ACK,
  TCP_CWR,
  TCP_ECE,
  TCP_FIN,
  TCP_PUSH,
  TCP_RST,
  TCP_SYN,
  TCP_URG,
} from './packet.ts';

const BLOCK = asciiBytes('block');
const PASS = asciiBytes('pass');
const IN = asciiBytes('in');
const OUT = asciiBytes('out');

/** The action that bytes[start, end) name, as tcpdump and filterlog write it. */
export function readAction(bytes: Uint8Array, start: number, end: number): PacketAction {
  if (sameBytes(bytes, start, end, BLOCK)) return 'block';
  return sameBytes(bytes, start, end, PASS) ? 'pass' : 'other';
}

export function readDirection(bytes: Uint8Array, start: number, end: number): PacketDirection {
  if (sameBytes(bytes, start, end, IN)) return 'in';
  return sameBytes(bytes, start, end, OUT) ? 'out' : 'other';
}

/** bytes[start, end) as a decimal number up to `limit`; -1 if it is not one. */
export function readNumber(bytes: Uint8Array, start: number, end: number, limit: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > limit) return -1;
  }
  return end > start ? value : -1;
}

/** The TCP flags of letters such as `SA` or `S.`; -1 if one is unknown. */
export function readTcpFlags(bytes: Uint8Array, start: number, end: number): number {
  let flags = 0;
  for (let at = start; at < end; at++) {
    const flag = FLAGS.get(bytes[at] ?? 0);
    if (flag === undefined) return -1;
    flags |= flag;
  }
  return flags;
}

/** tcpdump writes a dot for ACK and W for CWR; filterlog A and C. Both write E for ECE. */
const FLAGS: ReadonlyMap<number, number> = new Map(
  Object.entries({
    F: TCP_FIN,
    S: TCP_SYN,
    R: TCP_RST,
    P: TCP_PUSH,
    A: TCP_ACK,
    '.': TCP_ACK,
    U: TCP_URG,
    E: TCP_ECE,
    C: TCP_CWR,
    W: TCP_CWR,
  }).map(([letter, flag]) => [letter.charCodeAt(0), flag]),
);
