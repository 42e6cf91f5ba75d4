import type { Seconds } from '../../blocklist/entry.ts';
import type { HeaderTime } from '../header/header.ts';
import {
  type Calendar,
  Clock,
  DISORDER_SECONDS,
  inYearOf,
  knownTime,
  type LogTime,
  newYearsBetween,
} from './clock.ts';
import { dayNumber } from './date.ts';
import type { CivilTime } from './zone.ts';

const DAY_SECONDS = 86_400;
const LATEST_SECONDS = 2 ** 32 - 1;

/**
 * Computes the time of each line, in the order of the log. Lines without a year are dated by the last
 * line (see Clock), or by the first line that has a year, after which lines continue from there. So a
 * log whose format changed is dated as a whole.
 */
export class LineClock {
  readonly #civil: CivilTime;
  readonly #yearless = new Clock();
  /** Dates the lines before the first one that has a year. */
  #before: Calendar | undefined;
  /** Year and time in the year of the latest line since then; 0 if no line had a year. */
  #year = 0;
  #inYear = 0;
  #latest: Seconds = Number.NEGATIVE_INFINITY;
  #last: LogTime | undefined;

  constructor(civil: CivilTime) {
    this.#civil = civil;
  }

  /** A line without a time has that of the line before; undefined if there is none. */
  tick(time: HeaderTime): LogTime | undefined {
    if (time.dating === 'untimed') return this.#last;
    const { month, day, second } = time;
    this.#last =
      time.dating === 'yearless' && this.#year === 0
        ? this.#yearless.tick(month, day, second)
        : knownTime(this.#tickDated(time));
    return this.#last;
  }

  /** Some line so far had no year. */
  get isYearless(): boolean {
    return this.#yearless.isRunning;
  }

  /** After the last line; see Clock.calendar. */
  calendar(fileTime: Seconds, lastYear: number | undefined): Calendar {
    return this.#before ?? this.#yearless.calendar(this.#civil, fileTime, lastYear);
  }

  #tickDated(time: HeaderTime): Seconds {
    const { dating, month, day, second } = time;
    const inYear = inYearOf(month, day, second);
    let year = time.year;
    if (dating === 'yearless') {
      year = this.#year + newYearsBetween(this.#inYear, inYear);
    } else if (this.#year === 0) {
      this.#before = this.#yearless.calendarBefore(this.#civil, year, inYear);
    }
    // A late line of the old year changes nothing.
    if (dating !== 'yearless' || year >= this.#year) {
      this.#year = year;
      this.#inYear = inYear;
    }
    const local = dayNumber(year, month, day) * DAY_SECONDS + second;
    const at =
      dating === 'zoned'
        ? local - time.offsetSeconds
        : this.#civil.utc(local, this.#latest - DISORDER_SECONDS);
    const kept = Math.min(Math.max(at, 0), LATEST_SECONDS);
    if (kept > this.#latest) this.#latest = kept;
    return kept;
  }
}
