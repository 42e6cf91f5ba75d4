import { FINDING_BYTES, FINDINGS } from '../../../grammar/fields/memory-map.ts';
import { memory } from '../../../grammar/notation/memory.ts';
import type { Scanner } from '../../../grammar/notation/scanner.ts';
import type { Header } from '../header/header.ts';
import type { Weight } from '../offences/scale.ts';
import type { LogTime } from '../time/clock.ts';
import * as map from './assembly/memory-map.ts';
import { scannerTable, skimModule } from './module.ts';

/** Lines that were passed over, and of which sort they were. */
export interface Passed {
  lines: number;
  matched: number;
  unmatched: number;
  ambiguous: number;
  /** By number of the message. */
  readonly messages: Uint32Array;
}

/** What must be heard of. The numbers of messages count through the scanners, one after the other. */
export interface Interest {
  /** By number of the message; MOST_MESSAGES at most. */
  readonly weights: readonly Weight[];
  /** The number of the first message of each scanner. */
  readonly firstMessages: readonly number[];
  /** The number of the log, by which its connections are known. */
  readonly log: number;
}

/** What must be heard of a line that was passed over. */
export interface Finding {
  /** The number of its message. */
  message: number;
  /** What it adds to the points of its address; 0: it is a login. */
  points: number;
  /** Since midnight. */
  second: number;
  /** How many lines had been passed over with it. */
  number: number;
  /** Where it lies in the memory. */
  start: number;
  end: number;
  /** The address; the words are unsigned. */
  family: number;
  a: number;
  b: number;
  c: number;
  d: number;
}

/** Who speaks in the name of a program, as places among the scanners; -1: none. */
export interface Speaker {
  readonly service: number;
  /** Who is asked where that one knows nothing. */
  readonly next: number;
  /** The program has a grammar of its own; else what it says may be of any program. */
  readonly isKnown: boolean;
}

const LONGEST_HOST_BYTES = 255;
const LINE_COUNTS = [map.LINES, map.MATCHED, map.UNMATCHED, map.AMBIGUOUS_LINES];

const numbers = new Int32Array(memory.buffer);
/** The log whose headers and counts lie in the memory; 0: none. */
let skimmed = 0;

/**
 * Passes over the lines of a log that need no care, far faster than they can be read one by one:
 * those of a day, host and program that a line before them had. They are counted, and what must be
 * heard of them is found. Several logs may be skimmed by turns, a chunk of each at a time.
 */
export class Skimmer {
  readonly #scanners: readonly Scanner[];
  readonly #interest: Interest;
  readonly #module = skimModule();

  constructor(scanners: readonly Scanner[], interest: Interest) {
    this.#scanners = scanners;
    this.#interest = interest;
  }

  /** Skims the whole lines from `start` to `end`, places in the memory, as far as it can. */
  skim(start: number, end: number): void {
    if (skimmed !== this.#interest.log) this.#take();
    this.#module.skim(start, end);
  }

  /** Where the line that it stopped at begins, and its newline; -1: that has not come yet. */
  get lineStart(): number {
    return at(map.LINE_START);
  }

  get lineEnd(): number {
    return at(map.LINE_END);
  }

  /** How many lines it passed over before that, and where the last of them lies. */
  get passed(): number {
    return at(map.PASSED);
  }

  get passedStart(): number {
    return at(map.PASSED_START);
  }

  get passedEnd(): number {
    return at(map.PASSED_END);
  }

  /** How many of them must be heard of. */
  get found(): number {
    return at(map.FOUND);
  }

  /** Fills in all that is known here of the one with this index. */
  find(index: number, finding: Finding): void {
    const place = FINDINGS + index * FINDING_BYTES;
    finding.message = at(place + map.MESSAGE);
    finding.points = at(place + map.POINTS);
    finding.second = at(place + map.SECOND);
    finding.number = at(place + map.NUMBER);
    finding.start = at(place + map.START);
    finding.end = at(place + map.END);
    finding.family = at(place + map.ADDRESS);
    finding.a = at(place + map.ADDRESS + 4) >>> 0;
    finding.b = at(place + map.ADDRESS + 8) >>> 0;
    finding.c = at(place + map.ADDRESS + 12) >>> 0;
    finding.d = at(place + map.ADDRESS + 16) >>> 0;
  }

  /** All lines must be read with care until it has learned anew. */
  forget(): void {
    if (skimmed === this.#interest.log) this.#module.forgetHeaders();
  }

  /** The second of the day of the line before, which was read with care: no earlier one is passed over. */
  setLastSecond(second: number): void {
    if (skimmed === this.#interest.log) numbers[map.LAST_SECOND >> 2] = second;
  }

  /**
   * Learns a header whose day stands at `start`, and whose program stands a space behind the host.
   * The day began at `dayStart`. False: it cannot be kept.
   */
  learn(header: Header, start: number, dayStart: LogTime, speaker: Speaker): boolean {
    const { hostStart, hostEnd, programStart, programEnd } = header;
    if (hostEnd - hostStart > LONGEST_HOST_BYTES) return false;
    if (skimmed !== this.#interest.log) this.#take();
    this.#module.setDay(start, dayStart >>> 0);
    this.#module.setHost(hostStart, hostEnd);
    this.setLastSecond(header.second);
    if (!this.#module.knowsProgram(programStart, programEnd)) {
      this.#add(programStart, programEnd, speaker);
    }
    return true;
  }

  /** How many lines were passed over since it was asked last. */
  count(passed: Passed): void {
    passed.lines = taken(map.LINES);
    passed.matched = taken(map.MATCHED);
    passed.unmatched = taken(map.UNMATCHED);
    passed.ambiguous = taken(map.AMBIGUOUS_LINES);
    const counts = numbers.subarray(map.COUNTS >> 2).subarray(0, passed.messages.length);
    passed.messages.set(counts);
    counts.fill(0);
  }

  #take(): void {
    skimmed = this.#interest.log;
    this.#module.forgetHeaders();
    this.#module.setLog(this.#interest.log);
    numbers.set(this.#interest.weights.map(weightNumber), map.WEIGHTS >> 2);
    // Of a log that was left in the midst of a chunk some may be there.
    for (const place of LINE_COUNTS) taken(place);
    numbers.fill(0, map.COUNTS >> 2, (map.COUNTS >> 2) + map.MOST_MESSAGES);
  }

  #add(start: number, end: number, speaker: Speaker): void {
    const { firstMessages } = this.#interest;
    const [scan, next] = [speaker.service, speaker.next].map((one) => ({
      first: firstMessages[one] ?? -1,
      run: this.#scanners[one]?.inMemory?.(),
    }));
    if (scan === undefined || next === undefined) return;
    // A scanner that is no module reads its lines with care alone.
    if ((scan.first >= 0 && !scan.run) || (next.first >= 0 && !next.run)) return;
    const { isKnown } = speaker;
    const place = this.#module.addProgram(
      start,
      end,
      scan.first,
      next.first,
      isKnown,
      speaker.service,
    );
    if (place < 0) return;
    scannerTable.set(2 * place, scan.run ?? null);
    scannerTable.set(2 * place + 1, next.run ?? null);
  }
}

function weightNumber({ kind, points }: Weight): number {
  if (kind === 'login') return map.LOGIN;
  return points === 0 ? 0 : points * 2 + (kind === 'attempt' ? 1 : 0);
}

function at(place: number): number {
  return numbers[place >> 2] ?? 0;
}

function taken(place: number): number {
  const value = at(place);
  numbers[place >> 2] = 0;
  return value;
}
