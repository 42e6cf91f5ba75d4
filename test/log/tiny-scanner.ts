import { emptyReading, type Reading } from '../../grammar/notation/reading.ts';
import {
  AMBIGUOUS,
  type GrammarMessage,
  NO_MATCH,
  type Scanner,
} from '../../grammar/notation/scanner.ts';
import { parseAddress } from '../../src/net/address-text.ts';

const MESSAGES: readonly GrammarMessage[] = [
  { name: 'failed-login', kind: 'attempt', points: 10 },
  { name: 'invalid-user', kind: 'sign', points: 10 },
  { name: 'closed-early', kind: 'sign', points: 2 },
  { name: 'accepted', kind: 'login', points: 0 },
  { name: 'bye', kind: 'note', points: 0 },
];
const PATTERNS = [
  /^Failed \S+ for (?:invalid user )?(.*) from (\S+) port (\d+) ssh2$/d,
  /^Invalid user (.*) from (\S+) port (\d+)$/d,
  /^()Connection closed by (\S+) port (\d+) \[preauth\]$/d,
  /^Accepted \S+ for (\S+) from (\S+) port (\d+) ssh2$/d,
  /^()Received disconnect from (\S+) port (\d+):11: .*$/d,
];

/** A scanner by regular expressions, for a handful of messages. */
export const tinyScanner: Scanner = {
  service: 'sshd',
  programs: ['sshd', 'sshd-session', '/usr/sbin/sshd'],
  users: [],
  processes: [],
  messages: MESSAGES,
  scan(bytes, start, end, reading) {
    const text = Buffer.from(bytes.subarray(start, end)).toString('latin1');
    if (text.startsWith('Two faces')) return AMBIGUOUS;
    for (const [index, pattern] of PATTERNS.entries()) {
      const match = pattern.exec(text);
      const address = match === null ? undefined : parseAddress(match[2] ?? '');
      if (match === null || address === undefined) continue;
      const [from = 0, to = 0] = match.indices?.[1] ?? [];
      const [userStart, userEnd] = to > from ? [start + from, start + to] : [-1, -1];
      const { family, a, b, c, d } = address;
      const port = Number(match[3]);
      const user = { userStart, userEnd };
      const found: Reading = { ...emptyReading(), family, a, b, c, d, port, ...user };
      Object.assign(reading, found);
      return index;
    }
    return NO_MATCH;
  },
};
