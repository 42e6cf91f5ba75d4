import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import type { CivilTime } from './zone.ts';

const DAY_SECONDS = 86_400;
const MONTH_SECONDS = 31 * DAY_SECONDS;
/** All months with 31 days: months, days and seconds are found again by division. */
const YEAR_SECONDS = 12 * MONTH_SECONDS;
const FEBRUARY_29 = MONTH_SECONDS + 28 * DAY_SECONDS;
/** Clocks of hosts and of file systems disagree; by less than this the year stays. */
const GRACE_SECONDS = DAY_SECONDS;
/** Lines a little out of order do not show that clocks were put back. */
export const DISORDER_SECONDS = 60;
/** Years until one with a 29 February comes round for certain (1896 to 1904). */
const LEAP_YEARS_APART = 8;

/**
 * The time of a line whose year is not known yet: how many New Years the log had passed (counted
 * from 1), and month, day and second as one number that rises through the year. Below 2^32.
 */
export type YearlessTime = number;

/** A {@link YearlessTime}, or below zero a time that is known: UTC seconds less 2^32. */
export type LogTime = number;

const KNOWN = 2 ** 32;

/** `at` from 0 to 2^32 - 1. */
export function knownTime(at: Seconds): LogTime {
  return at - KNOWN;
}

/** Gives each line of a log its {@link YearlessTime}, in the order of the lines. */
export class Clock {
  #year = 1;
  #inYear = -1;
  readonly #leapYears = new Set<number>();

  /** `month` from 0, `day` from 1, `second` of the day. */
  tick(month: number, day: number, second: number): YearlessTime {
    const inYear = inYearOf(month, day, second);
    let year = this.#year;
    const passed = this.#inYear < 0 ? 0 : newYearsBetween(this.#inYear, inYear);
    if (passed < 0) year--;
    else {
      year = Math.min(year + passed, 127);
      this.#year = year;
      this.#inYear = inYear;
    }
    if (inYear >= FEBRUARY_29 && inYear < FEBRUARY_29 + DAY_SECONDS) this.#leapYears.add(year);
    return year * YEAR_SECONDS + inYear;
  }

  /**
   * Once the last line has been read: the calendar that puts it at or before `fileTime`, or into
   * `lastYear` where that is given. Throws McblockError('usage') if the log has a 29 February that
   * a given year did not have.
   */
  calendar(civil: CivilTime, fileTime: Seconds, lastYear: number | undefined): Calendar {
    if (lastYear !== undefined) {
      const calendar = new Calendar(civil, lastYear - this.#year);
      if (!this.#leapsFit(calendar)) {
        throw new McblockError(
          'usage',
          `the log has a line of 29 February, which does not go with the year ${lastYear}; name the year of its last line`,
        );
      }
      return calendar;
    }
    const last = this.#year * YEAR_SECONDS + Math.max(this.#inYear, 0);
    const newest = new Date((fileTime + 2 * GRACE_SECONDS) * 1000).getUTCFullYear();
    for (let year = newest; year > newest - 2 - LEAP_YEARS_APART; year--) {
      const calendar = new Calendar(civil, year - this.#year);
      if (calendar.utc(last, 0) <= fileTime + GRACE_SECONDS && this.#leapsFit(calendar)) {
        return calendar;
      }
    }
    // Only where the log has a 29 February in two years that are not four apart.
    return new Calendar(civil, newest - 1 - this.#year);
  }

  /**
   * The calendar that goes with a line after all these, whose time and year are known; undefined
   * where there was no line.
   */
  calendarBefore(civil: CivilTime, year: number, inYear: number): Calendar | undefined {
    if (this.#inYear < 0) return undefined;
    return new Calendar(civil, year - newYearsBetween(this.#inYear, inYear) - this.#year);
  }

  #leapsFit(calendar: Calendar): boolean {
    return [...this.#leapYears].every((year) => calendar.isLeap(year));
  }
}

/** Month from 0, day from 1 and second as one number that rises through the year. */
export function inYearOf(month: number, day: number, second: number): number {
  return month * MONTH_SECONDS + (day - 1) * DAY_SECONDS + second;
}

/** The New Years between two lines, by what {@link inYearOf} gives for them: 1, 0 or -1. */
export function newYearsBetween(from: number, to: number): number {
  const step = to - from;
  // A line of New Year's Eve that came late: it belongs to the old year.
  if (step > YEAR_SECONDS - DAY_SECONDS) return -1;
  // A date that falls back by more than half a year has passed New Year.
  return step < -YEAR_SECONDS / 2 ? 1 : 0;
}

/** Turns the times of one log into UTC, its years known. */
export class Calendar {
  readonly #civil: CivilTime;
  /** The year in which the log had passed no New Year. */
  readonly #yearZero: number;
  #day = Number.NaN;
  #dayStart = 0;
  #latest = Number.NEGATIVE_INFINITY;

  constructor(civil: CivilTime, yearZero: number) {
    this.#civil = civil;
    this.#yearZero = yearZero;
  }

  /** To be asked in the order of the lines: of an hour that came twice the one that goes forward. */
  next(time: LogTime): Seconds {
    const at = this.utc(time, this.#latest - DISORDER_SECONDS);
    if (at > this.#latest) this.#latest = at;
    return at;
  }

  utc(time: LogTime, notBefore: Seconds): Seconds {
    if (time < 0) return time + KNOWN;
    const day = Math.floor(time / DAY_SECONDS);
    if (day !== this.#day) {
      const year = Math.floor(time / YEAR_SECONDS);
      const dayOfYear = day - year * 372;
      this.#day = day;
      this.#dayStart =
        Date.UTC(this.#yearZero + year, Math.floor(dayOfYear / 31), (dayOfYear % 31) + 1) / 1000;
    }
    return this.#civil.utc(this.#dayStart + (time - day * DAY_SECONDS), notBefore);
  }

  isLeap(newYears: number): boolean {
    return new Date(Date.UTC(this.#yearZero + newYears, 1, 29)).getUTCDate() === 29;
  }
}

/**
 * Where local time fell back between two lines, by an hour or two, among times that are resolved
 * later: without it the lines between would be missing for telling the two readings of an hour
 * that came twice apart.
 */
export class Setbacks {
  readonly #found: { readonly index: number; readonly from: number; readonly to: number }[] = [];
  #last = 0;

  /** Tells of the next line; `index` is how many times have been kept so far. */
  note(time: LogTime, index: number): void {
    if (time < 0) return;
    const back = this.#last - time;
    if (back > DISORDER_SECONDS && back <= 3 * 3600 && this.#found.length < 10_000) {
      this.#found.push({ index, from: this.#last, to: time });
    }
    this.#last = time;
  }

  /** Resolves so many kept times, in order: `take` is given each with its index. */
  resolve(
    length: number,
    timeAt: (index: number) => LogTime,
    calendar: Calendar,
    take: (at: Seconds, index: number) => void,
  ): void {
    let next = 0;
    let due = this.#found[0]?.index ?? Infinity;
    for (let index = 0; index < length; index++) {
      for (; due === index; due = this.#found[++next]?.index ?? Infinity) {
        calendar.next(this.#found[next]?.from ?? 0);
        calendar.next(this.#found[next]?.to ?? 0);
      }
      take(calendar.next(timeAt(index)), index);
    }
  }

  clear(): void {
    this.#found.length = 0;
  }
}
