import type { RequestRole } from '../../../grammar/notation/scanner.ts';
import type { Line } from '../line.ts';
import { randomWord } from '../offences/random-word.ts';

/** So many paths of a client must be refused ... */
const MIN_PATHS = 20;
/** ... of which so many are in the list of requests: a page with dead links asks for none. */
const MIN_LISTED = 3;
const WITHIN_SECONDS = 60;
/** A client scans at most once in this time. */
const AGAIN_SECONDS = 3600;

/** Of two clients with the same slot the earlier is forgotten. */
const SLOTS = 4096;
const KEY = 0;
const START = 1;
const PATHS = 2;
const LISTED = 3;
const SCANNED = 4;
/** A bit for each path that was refused; two paths may share one, and then count once. */
const BITS = 5;
const BIT_WORDS = 8;
const WORDS = BITS + BIT_WORDS;

/** Finds the clients that are refused many different paths in a short time. */
export class PathScans {
  #words: Uint32Array | undefined;
  /** Without it, somebody could choose addresses that share a slot. */
  readonly #secret = randomWord();

  /** To be called for each refused request, in order. Returns whether the client is scanning now. */
  pass({ reading, time, session }: Line, role: RequestRole): boolean {
    this.#words ??= new Uint32Array(SLOTS * WORDS);
    const words = this.#words;
    const key = this.#keyOf([reading.family, reading.a, reading.b, reading.c, reading.d]);
    const at = (key % SLOTS) * WORDS;
    const now = time >>> 0;
    if (words[at + KEY] !== key) words.fill(0, at, at + WORDS);
    const start = words[at + START] ?? 0;
    if (Math.abs(now - start) > WITHIN_SECONDS) {
      words.fill(0, at + BITS, at + WORDS);
      words[at + PATHS] = 0;
      words[at + LISTED] = 0;
      words[at + START] = now;
      words[at + KEY] = key;
    }
    const bits = at + BITS + ((session >>> 5) % BIT_WORDS);
    const bit = 1 << (session & 31);
    if (((words[bits] ?? 0) & bit) !== 0) return false;
    words[bits] = (words[bits] ?? 0) | bit;
    const paths = (words[at + PATHS] ?? 0) + 1;
    const listed = (words[at + LISTED] ?? 0) + (role === 'listed' ? 1 : 0);
    words[at + PATHS] = paths;
    words[at + LISTED] = listed;
    if (role !== 'missing' || paths < MIN_PATHS || listed < MIN_LISTED) return false;
    const scanned = words[at + SCANNED] ?? 0;
    if (scanned !== 0 && Math.abs(now - scanned) < AGAIN_SECONDS) return false;
    words[at + SCANNED] = now;
    return true;
  }

  #keyOf(address: readonly number[]): number {
    let hash = this.#secret;
    for (const word of address) {
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return (hash ^ (hash >>> 13)) >>> 0;
  }
}
