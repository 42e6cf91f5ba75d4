import { type GrammarMessage, NO_MATCH, type Scanner } from '../../../grammar/notation/scanner.ts';
import { HostNames } from '../hosts.ts';
import { readFilterlog } from './filterlog.ts';
import { emptyPacket, type Packet } from './packet.ts';
import { type SkipReason, skipReason } from './packet-offences.ts';

/** The service name of packets. */
export const PF = 'pf';

/** The messages: a packet was blocked, or why it does not count. */
const NAMES: Readonly<Record<SkipReason | 'blocked', string>> = {
  blocked: 'blocked',
  notBlocked: 'not-blocked',
  notInbound: 'not-inbound',
  notExternal: 'not-external',
  noHost: 'no-host',
  answer: 'answer',
};

export function packetMessage(packet: Packet, external: ReadonlySet<string>): string {
  return NAMES[skipReason(packet, external) ?? 'blocked'];
}

/** Packets belong to no connection. */
const MESSAGES: readonly GrammarMessage[] = Object.values(NAMES).map((name) =>
  name === NAMES.blocked ? { name, kind: 'attempt', points: 1 } : { name, kind: 'note', points: 0 },
);

/** Reads the filterlog lines of pfSense and OPNsense from a syslogd's file. */
export function filterlogScanner(external: ReadonlySet<string>): Scanner {
  const packet = emptyPacket();
  const interfaces = new HostNames();
  return {
    service: PF,
    programs: ['filterlog'],
    users: [],
    processes: [],
    messages: MESSAGES,
    scan(bytes, start, end, reading) {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      if (!readFilterlog(buffer, start, end, interfaces, packet)) return NO_MATCH;
      Object.assign(reading, packet.source, {
        port: packet.sourcePort,
        userStart: -1,
        userEnd: -1,
        sessionStart: -1,
        sessionEnd: -1,
      });
      const said = packetMessage(packet, external);
      return MESSAGES.findIndex(({ name }) => name === said);
    },
  };
}
