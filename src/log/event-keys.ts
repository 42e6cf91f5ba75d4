import { fields } from '../../grammar/notation/fields.ts';
import { offsetInMemory } from '../../grammar/notation/memory.ts';
import type { Seconds } from '../blocklist/entry.ts';
import type { Line } from './line.ts';

/** The latest events and lines that are known; an equal one after so many others is not recognised. */
const SLOTS = 8192;
const STEP = 0x9e3779b1;
const WORD = 2 ** 32;
/** See HostNames. */
const MAX_HOSTS = 65_536;

/** The events that were counted. */
export interface CountedEvents {
  /** Events before this time are new; undefined if any may have been counted. */
  readonly from: Seconds | undefined;
  /** Counts an event, and returns whether it is new. */
  count(at: Seconds, key: number): boolean;
}

/** How many of the events that a line stands for are new; `key` is that of the first. */
export function countEvents(
  events: CountedEvents,
  at: Seconds,
  key: number,
  count: number,
): number {
  if (count === 1) return events.count(at, key) ? 1 : 0;
  let fresh = 0;
  for (let index = 0; index < count; index++) if (events.count(at, keyAfter(key, index))) fresh++;
  return fresh;
}

/** The key of an equal event, so many later in the same second. */
function keyAfter(key: number, occurrences: number): number {
  const low = (key + Math.imul(occurrences, STEP)) >>> 0;
  return key - (key % WORD) + low;
}

/**
 * Computes the keys of the events of one log: 53 bits of program, process, message, and how many
 * equal events there were in that second. With the time, a key identifies its event in every log that
 * holds it: the second of two equal events has the same key in all of them.
 */
export class EventKeys {
  /** The time of some event is before that of the event before, on the same host. */
  isOutOfOrder = false;
  /** The key of the line that was taken last, were it the only one in its second. */
  readonly #last = new Float64Array(1);
  /** The latest events: a check word, and how often they occurred in their second. */
  readonly #events = new Int32Array(SLOTS * 2);
  /** The keys of the latest lines whose time has a fraction. */
  readonly #lines = new Float64Array(SLOTS);
  /** By host: the time of its latest event, and how often its time has gone back. */
  readonly #times = new Float64Array(MAX_HOSTS);
  readonly #stretches = new Int32Array(MAX_HOSTS);

  /**
   * The key of a line that may count, were it the only one in its second. -1 if the line is a copy:
   * equal to one before, to the last digit of a time with a fraction.
   */
  take(line: Line): number {
    // The key of what a line repeats was computed last.
    if (line.repeatsLast) return this.#last[0] ?? 0;
    const { bytes, header } = line;
    const seed = line.pid ^ programWord(bytes, header.programStart, header.programEnd);
    const key = hashOf(bytes, line.messageStart, line.messageEnd, seed);
    this.#last[0] = key;
    return header.isFractional && this.#isCopy(line, key) ? -1 : key;
  }

  /**
   * The key of the first event of a line, of which take() returned `key`. Where time goes back,
   * another log begins in the same stream (`cat auth.log messages`), and equal events are counted
   * anew.
   */
  next({ host, time, count }: Line, key: number): number {
    // All times are above 0 then, which is none.
    const shifted = time + 2 * WORD;
    if (shifted < (this.#times[host] ?? 0)) {
      this.#stretches[host] = (this.#stretches[host] ?? 0) + 1;
      this.isOutOfOrder = true;
    }
    this.#times[host] = shifted;
    const words = this.#events;
    const hash = Math.imul((key | 0) ^ Math.imul(time | 0, STEP), 0x85ebca6b);
    const check = (key | 0) ^ hash ^ (this.#stretches[host] ?? 0);
    const at = (hash >>> 19) * 2;
    const occurrences = words[at] === check ? (words[at + 1] ?? 0) : 0;
    words[at] = check;
    words[at + 1] = occurrences + count;
    return occurrences === 0 ? key : keyAfter(key, occurrences);
  }

  /** Whether the bytes before the message are those of an equal event before. */
  #isCopy({ bytes, start, header }: Line, key: number): boolean {
    const line = hashOf(bytes, start, header.messageStart, key | 0);
    const slot = line % SLOTS;
    if (this.#lines[slot] === line) return true;
    this.#lines[slot] = line;
    return false;
  }
}

/** 53 bits. */
function hashOf(bytes: Buffer, start: number, end: number, seed: number): number {
  const at = offsetInMemory(bytes, start, end);
  hash ??= fields().hash;
  return hash(at, at + end - start, seed);
}

let hash: ReturnType<typeof fields>['hash'] | undefined;

/** The length of the program's name and its first four bytes; 0 if there is none. */
function programWord(bytes: Buffer, start: number, end: number): number {
  if (start < 0) return 0;
  let word = end - start;
  for (let at = start; at < end && at < start + 4; at++) {
    word = Math.imul(word ^ (bytes[at] ?? 0), STEP);
  }
  return word;
}
