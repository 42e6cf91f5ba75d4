import type { GrammarMessage } from '../../grammar/notation/scanner.ts';
import type { Line } from './line.ts';
import { randomWord } from './offences/random-word.ts';

/** Without these keys, somebody could choose identifiers that share a hash. */
const PROCESS_KEY = randomWord();
const SESSION_KEY = randomWord();

/** The process of lines that name none, but the port of the peer. */
const NO_PROCESS = 0xffff_ffff;

/**
 * Sets what identifies the connection of a line with this message. In a log without processes, it is
 * the port of the peer, if the line has one.
 */
export function setConnectionKey(line: Line, { session }: GrammarMessage): void {
  const { sessionStart, sessionEnd, port } = line.reading;
  line.process = line.pid;
  line.session = 0;
  if (line.pid < 0 && port >= 0) {
    line.process = NO_PROCESS;
    line.session = port + 1;
  }
  if (session === undefined || sessionStart < 0) return;
  if (session === 'word') {
    line.process = hashOf(line.bytes, sessionStart, sessionEnd, PROCESS_KEY);
    line.session = hashOf(line.bytes, sessionStart, sessionEnd, SESSION_KEY);
  } else {
    const value = numberAt(line.bytes, sessionStart, sessionEnd);
    if (session === 'port') line.session = value + 1;
    else line.process = value;
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number, key: number): number {
  let hash = key;
  for (let at = start; at < end; at++) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Large numbers lose their first digits. */
function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = (value * 10 + (bytes[at] ?? 0) - 0x30) % 2 ** 31;
  return value;
}
