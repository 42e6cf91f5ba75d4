import type { Line } from '../line.ts';
import { type MessagePoints, pointsAlone } from './points-table.ts';
import { randomWord } from './random-word.ts';

/** After so long without a line, a process number belongs to another connection. */
const SILENCE_SECONDS = 3600;
const MAX_CONNECTIONS = 65_536;
/** Service and host as one number: hosts are below 2^16. */
const HOST_BITS = 16;

/** The fields of a connection in the table, a word each. */
const SERVICE = 0;
const PROCESS = 1;
const SESSION = 2;
const ADDRESS = 3;
const TIME = 4;
const ATTEMPTS = 5;
const SIGN = 6;
const COUNTED = 7;
/** A bit for each message that occurs once and was seen, and ENDED. */
const STATE = 8;
/** The next connection with the same hash, + 1. */
const NEXT = 9;
const WORDS = 10;

const ENDED = 0x8000_0000;
/** Two messages of a service may share a bit, which counts one of them twice at worst. */
const BITS = 31;

/** The fields of a line that tell its connection. */
export type ConnectionLine = Pick<Line, 'speaker' | 'host' | 'process' | 'session' | 'time'>;

/** What a message tells of its connection. */
export type ConnectionMessage = Pick<MessagePoints, 'id' | 'kind' | 'role'>;

/**
 * Several lines of one connection report one attempt: a connection counts the sum of its attempts,
 * or its strongest sign if it has none. A connection is the lines of one service, host, process or
 * session, and address, from a message that opens it to one that closes it. The latest 65,536
 * connections are known.
 */
export class Connections {
  readonly #words = new Uint32Array(MAX_CONNECTIONS * WORDS);
  /** By hash: the first connection, + 1. */
  readonly #heads = new Uint32Array(MAX_CONNECTIONS);
  /** Without the key, somebody could choose addresses whose connections share a hash. */
  readonly #key = randomWord();
  /** Connections are replaced in a ring, the oldest first. */
  #next = 0;
  #isFull = false;

  /** What a line with this message and address adds; to be called once for each, in order. */
  pointsOf(line: Line, message: MessagePoints, addressId: number): number {
    if (message.points === 0) return 0;
    // It has no part in what the connection counts.
    if (message.kind === 'witness') return pointsAlone(line, message);
    return this.add(line, message, addressId, pointsAlone(line, message));
  }

  /**
   * Returns what a line adds to the points of its address, which is how much its connection's total
   * grows. A line without a process (`process` -1) stands alone.
   */
  add(line: ConnectionLine, message: ConnectionMessage, addressId: number, points: number): number {
    if (line.process < 0) return points;
    const words = this.#words;
    const found = this.#find(line, addressId);
    const at = found < 0 ? this.#insert(line, addressId) : found;
    this.#advance(at, line, message);
    const isAttempt = message.kind === 'attempt';
    const attempts = (words[at + ATTEMPTS] ?? 0) + (isAttempt ? points : 0);
    const sign = Math.max(words[at + SIGN] ?? 0, isAttempt ? 0 : points);
    words[at + ATTEMPTS] = attempts;
    words[at + SIGN] = sign;
    const total = attempts > 0 ? attempts : sign;
    const counted = words[at + COUNTED] ?? 0;
    if (total <= counted) return 0;
    words[at + COUNTED] = total;
    return total - counted;
  }

  /**
   * Takes back a sign that counted these points. Returns whether the connection counts less: it does
   * not if it had an attempt, which the sign only accompanied.
   */
  takeBack(line: ConnectionLine, addressId: number, points: number): boolean {
    const at = line.process < 0 ? -1 : this.#find(line, addressId);
    // A line without a process, or whose connection is forgotten, stands alone.
    if (at < 0) return true;
    const words = this.#words;
    if ((words[at + ATTEMPTS] ?? 0) > 0) return false;
    words[at + SIGN] = 0;
    words[at + COUNTED] = Math.max(0, (words[at + COUNTED] ?? 0) - points);
    return true;
  }

  /** A line that counts nothing, but may open or close its connection, if that is known. */
  pass(line: ConnectionLine, message: ConnectionMessage, addressId: number): void {
    if (line.process < 0) return;
    const at = this.#find(line, addressId);
    if (at >= 0) this.#advance(at, line, message);
  }

  /** Begins another connection where the line does not belong to the one that is known. */
  #advance(at: number, { time }: ConnectionLine, { id, role }: ConnectionMessage): void {
    const words = this.#words;
    const state = words[at + STATE] ?? 0;
    // Only the difference of times counts, which 32 bits hold for known times and for others.
    const isSilent = (time >>> 0) - (words[at + TIME] ?? 0) > SILENCE_SECONDS;
    const bit = role === 'once' ? 1 << (id % BITS) : role === 'closes' ? ENDED : 0;
    const isAgain = (state & (ENDED | bit)) !== 0;
    if (isSilent || isAgain || role === 'opens') this.#clear(at);
    words[at + TIME] = time >>> 0;
    words[at + STATE] = (words[at + STATE] ?? 0) | bit;
  }

  /** Index of the words of the connection; -1 if it is unknown. */
  #find({ speaker, host, process, session }: ConnectionLine, addressId: number): number {
    const words = this.#words;
    const service = ((speaker << HOST_BITS) | host) >>> 0;
    const hash = this.#hash(service, process, session, addressId);
    for (let link = this.#heads[hash] ?? 0; link !== 0; ) {
      const at = (link - 1) * WORDS;
      if (
        words[at + PROCESS] === process &&
        words[at + ADDRESS] === addressId &&
        words[at + SESSION] === session &&
        words[at + SERVICE] === service
      ) {
        return at;
      }
      link = words[at + NEXT] ?? 0;
    }
    return -1;
  }

  #insert({ speaker, host, process, session, time }: ConnectionLine, addressId: number): number {
    const words = this.#words;
    const at = this.#next * WORDS;
    if (this.#isFull) this.#unlink(at);
    const service = ((speaker << HOST_BITS) | host) >>> 0;
    const hash = this.#hash(service, process, session, addressId);
    this.#clear(at);
    words[at + SERVICE] = service;
    words[at + PROCESS] = process;
    words[at + SESSION] = session;
    words[at + ADDRESS] = addressId;
    words[at + TIME] = time >>> 0;
    words[at + NEXT] = this.#heads[hash] ?? 0;
    this.#heads[hash] = this.#next + 1;
    this.#next = (this.#next + 1) % MAX_CONNECTIONS;
    this.#isFull ||= this.#next === 0;
    return at;
  }

  #unlink(at: number): void {
    const words = this.#words;
    const hash = this.#hash(
      words[at + SERVICE] ?? 0,
      words[at + PROCESS] ?? 0,
      words[at + SESSION] ?? 0,
      words[at + ADDRESS] ?? 0,
    );
    const link = at / WORDS + 1;
    const next = words[at + NEXT] ?? 0;
    let before = this.#heads[hash] ?? 0;
    if (before === link) {
      this.#heads[hash] = next;
      return;
    }
    while (words[(before - 1) * WORDS + NEXT] !== link) {
      before = words[(before - 1) * WORDS + NEXT] ?? 0;
    }
    words[(before - 1) * WORDS + NEXT] = next;
  }

  #clear(at: number): void {
    const words = this.#words;
    words[at + ATTEMPTS] = 0;
    words[at + SIGN] = 0;
    words[at + COUNTED] = 0;
    words[at + STATE] = 0;
  }

  #hash(service: number, process: number, session: number, addressId: number): number {
    let hash = Math.imul(process ^ this.#key, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ addressId, 0x85ebca77);
    hash = Math.imul(hash ^ (hash >>> 13) ^ session, 0xc2b2ae3d);
    hash = Math.imul(hash ^ (hash >>> 15) ^ service, 0x27d4eb2f);
    return (hash ^ (hash >>> 16)) & (MAX_CONNECTIONS - 1);
  }
}
