import type { Reading } from '../../grammar/notation/reading.ts';
import type { GrammarMessage } from '../../grammar/notation/scanner.ts';
import type { Line } from './line.ts';
import type { LogTime } from './time/clock.ts';

/** Longer than a service waits for its client: 300 seconds in OpenSMTPD and dropbear. */
const SILENCE_SECONDS = 600;
const MAX_PEERS = 65_536;

interface Peer extends Pick<Reading, 'family' | 'a' | 'b' | 'c' | 'd' | 'port'> {
  time: LogTime;
}

/**
 * The peers of open connections, as the messages that opened them named them, for the messages that
 * name none. The latest 65,536 are known, each until its connection is silent for ten minutes.
 */
export class Peers {
  readonly #peers = new Map<string, Peer>();

  /** To be called for each line with a message, in order; names the peer of a line that lacks it. */
  pass(line: Line, message: GrammarMessage): void {
    if (message.role === 'opens') this.#open(line);
    else if (message.takesPeer === true) this.#name(line);
  }

  #open(line: Line): void {
    if (line.process < 0) return;
    const key = keyOf(line);
    const { family, a, b, c, d, port } = line.reading;
    // The oldest entry is the first of the map.
    this.#peers.delete(key);
    this.#peers.set(key, { family, a, b, c, d, port, time: line.time });
    if (this.#peers.size <= MAX_PEERS) return;
    for (const oldest of this.#peers.keys()) {
      this.#peers.delete(oldest);
      return;
    }
  }

  #name(line: Line): void {
    const peer = line.process < 0 ? undefined : this.#peers.get(keyOf(line));
    if (peer === undefined || line.time - peer.time > SILENCE_SECONDS) return;
    peer.time = line.time;
    const { family, a, b, c, d, port } = peer;
    Object.assign(line.reading, { family, a, b, c, d, port });
  }
}

/** A connection is of one service on one host. */
function keyOf({ speaker, host, process, session }: Line): string {
  return `${speaker} ${host} ${process} ${session}`;
}
