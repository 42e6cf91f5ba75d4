import type { Line } from '../line.ts';
import type { LogTime } from '../time/clock.ts';
import { type MessagePoints, pointsAlone } from './points-table.ts';
import { randomWord } from './random-word.ts';

/** After so long without a line, a process number belongs to another connection. */
const SILENCE_SECONDS = 3600;
const MAX_CONNECTIONS = 65_536;
/** Service and process as one number: process numbers are below 2^23. */
const PROCESS_BITS = 23;

/** The fields of a connection in the table, a word each. */
const PROCESS = 0;
const ADDRESS = 1;
const TIME = 2;
const ATTEMPTS = 3;
const SIGN = 4;
const COUNTED = 5;
/** The next connection with the same hash, + 1. */
const NEXT = 6;
const WORDS = 7;

/**
 * Several lines of one connection report one attempt: a connection counts the sum of its attempts,
 * or its strongest sign if it has none. A connection is the lines of one service, process and
 * address. The latest 65,536 connections are known.
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
    const { speaker, pid, time } = line;
    const isAttempt = message.kind === 'attempt';
    return this.add(speaker, pid, addressId, time, isAttempt, pointsAlone(line, message));
  }

  /**
   * Returns what a line adds to the points of its address, which is how much its connection's total
   * grows. A line without a process (`pid` -1) stands alone.
   */
  add(
    service: number,
    pid: number,
    addressId: number,
    time: LogTime,
    isAttempt: boolean,
    points: number,
  ): number {
    if (pid < 0) return points;
    const words = this.#words;
    // Only the difference of times counts, which 32 bits hold for known times and for others.
    const at = this.#find(((service << PROCESS_BITS) | pid) >>> 0, addressId, time >>> 0);
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

  /** Index of the words of the connection, which is added if it is unknown. */
  #find(process: number, addressId: number, time: number): number {
    const words = this.#words;
    const hash = this.#hash(process, addressId);
    for (let link = this.#heads[hash] ?? 0; link !== 0; ) {
      const at = (link - 1) * WORDS;
      if (words[at + PROCESS] === process && words[at + ADDRESS] === addressId) {
        if (time - (words[at + TIME] ?? 0) > SILENCE_SECONDS) this.#clear(at);
        words[at + TIME] = time;
        return at;
      }
      link = words[at + NEXT] ?? 0;
    }
    const at = this.#next * WORDS;
    if (this.#isFull) this.#unlink(at);
    this.#clear(at);
    words[at + PROCESS] = process;
    words[at + ADDRESS] = addressId;
    words[at + TIME] = time;
    words[at + NEXT] = this.#heads[hash] ?? 0;
    this.#heads[hash] = this.#next + 1;
    this.#next = (this.#next + 1) % MAX_CONNECTIONS;
    this.#isFull ||= this.#next === 0;
    return at;
  }

  #unlink(at: number): void {
    const words = this.#words;
    const hash = this.#hash(words[at + PROCESS] ?? 0, words[at + ADDRESS] ?? 0);
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
  }

  #hash(process: number, addressId: number): number {
    let hash = Math.imul(process ^ this.#key, 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ addressId, 0x85ebca77);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae3d);
    return (hash ^ (hash >>> 16)) & (MAX_CONNECTIONS - 1);
  }
}
