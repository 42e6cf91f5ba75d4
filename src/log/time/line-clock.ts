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
 * Gives each line of a log its time, in the order of the lines. Lines without a year wait for the
 * last line, as Clock has it, until one comes that has a year: that dates those before it, and those
 * after it go on from there. So a log whose style was changed is dated as a whole.
 */
export class LineClock {
  readonly #civil: CivilTime;
  readonly #yearless = new Clock();
  /** Since a line had a year: what dates the lines before it. */
  #before: Calendar | undefined;
  /** The year of the latest line since then, and where in the year it stands; 0: none had one. */
  #year = 0;
  #inYear = 0;
  #latest: Seconds = Number.NEGATIVE_INFINITY;
  #last: LogTime | undefined;

  constructor(civil: CivilTime) {
    this.#civil = civil;
  }

  /** A line that names no time has that of the line before; undefined where there is none. */
  tick(time: HeaderTime): LogTime | undefined {
    if (time.dating === 'untimed') return this.#last;
    const { month, day, second } = time;
    this.#last =
      time.dating === 'yearless' && this.#year === 0
        ? this.#yearless.tick(month, day, second)
        : knownTime(this.#tickDated(time));
    return this.#last;
  }

  /** Once the last line has been read; see Clock.calendar. */
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
    // A late line of the old year changes nothing; nor is it the first, so that there is a year.
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
