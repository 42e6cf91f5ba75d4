import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import type { CivilTime } from './zone.ts';

const DAY_SECONDS = 86_400;
const MONTH_SECONDS = 31 * DAY_SECONDS;
/** Every month has 31 days here, so that division yields months, days and seconds again. */
const YEAR_SECONDS = 12 * MONTH_SECONDS;
const FEBRUARY_29 = MONTH_SECONDS + 28 * DAY_SECONDS;
/** How far the clocks of hosts and of file systems may disagree without changing the year. */
const GRACE_SECONDS = DAY_SECONDS;
/** Lines that are out of order by less do not mean that clocks were set back. */
export const DISORDER_SECONDS = 60;
/** How long a clock runs that was not set at boot, before the time is known. */
const UNSET_SECONDS = 7 * DAY_SECONDS;
/** The most years between two leap years (1896 to 1904). */
const LEAP_YEARS_APART = 8;

/**
 * The time of a line whose year is not known yet: the number of New Years that the log seems to have
 * passed (from 1), and month, day and second as one number that rises through the year. Below 2^32.
 */
export type YearlessTime = number;

/** A {@link YearlessTime}, or if negative a known time: UTC seconds less 2^32. */
export type LogTime = number;

const KNOWN = 2 ** 32;

/** `at` from 0 to 2^32 - 1. */
export function knownTime(at: Seconds): LogTime {
  return at - KNOWN;
}

export function isKnownTime(time: LogTime): boolean {
  return time < 0;
}

/** Of a known time. */
export function secondsOf(time: LogTime): Seconds {
  return time + KNOWN;
}

/** Computes the {@link YearlessTime} of each line, in the order of the log. */
export class Clock {
  #year = 1;
  #inYear = -1;
  /** What the latest New Year was concluded from: the time before it, and the first one after it. */
  #before = -1;
  #after = -1;
  /** The years that began because a clock was not set. */
  readonly #falseYears: number[] = [];
  readonly #leapYears = new Set<number>();

  /** There was a line. */
  get isRunning(): boolean {
    return this.#inYear >= 0;
  }

  /** `month` from 0, `day` from 1, `second` of the day. */
  tick(month: number, day: number, second: number): YearlessTime {
    const inYear = inYearOf(month, day, second);
    let year = this.#year;
    const passed = this.#inYear < 0 ? 0 : newYearsBetween(this.#inYear, inYear);
    if (passed < 0) year--;
    else {
      if (passed > 0) this.#startYear(inYear);
      else if (this.#isMadeGood(inYear)) this.#endFalseYear();
      year = this.#year;
      this.#inYear = inYear;
    }
    if (inYear >= FEBRUARY_29 && inYear < FEBRUARY_29 + DAY_SECONDS) this.#leapYears.add(year);
    return year * YEAR_SECONDS + inYear;
  }

  /**
   * After the last line: the calendar that puts it at or before `fileTime`, or in `lastYear` if given.
   * Throws McblockError('usage') if the log has a 29 February that the given year excludes.
   */
  calendar(civil: CivilTime, fileTime: Seconds, lastYear: number | undefined): Calendar {
    if (lastYear !== undefined) {
      const calendar = this.#calendarOf(civil, lastYear);
      if (!this.#leapsFit(calendar)) {
        throw new McblockError(
          'usage',
          `the log has a line of 29 February, which does not fit the year ${lastYear}; give the year of its last line`,
        );
      }
      return calendar;
    }
    if (this.#endsUnset(civil, fileTime)) this.#endFalseYear();
    const last = this.#year * YEAR_SECONDS + Math.max(this.#inYear, 0);
    const newest = new Date((fileTime + 2 * GRACE_SECONDS) * 1000).getUTCFullYear();
    for (let year = newest; year > newest - 2 - LEAP_YEARS_APART; year--) {
      const calendar = this.#calendarOf(civil, year);
      if (calendar.utc(last, 0) <= fileTime + GRACE_SECONDS && this.#leapsFit(calendar)) {
        return calendar;
      }
    }
    // Only if the log has a 29 February in years that are not a multiple of four apart.
    return this.#calendarOf(civil, newest - 1);
  }

  /**
   * The calendar by which a later line has this known year and time; undefined if there was no line.
   */
  calendarBefore(civil: CivilTime, year: number, inYear: number): Calendar | undefined {
    if (this.#inYear < 0) return undefined;
    if (this.#isMadeGood(inYear)) this.#endFalseYear();
    return this.#calendarOf(civil, year - newYearsBetween(this.#inYear, inYear));
  }

  #startYear(inYear: number): void {
    this.#before = this.#inYear;
    this.#after = inYear;
    this.#year = Math.min(this.#year + 1, 127);
  }

  /**
   * Whether a step forward to this time makes good the step back that began the year: a host without
   * a clock battery begins at 1 January, or when its system was built, until it knows the time.
   */
  #isMadeGood(inYear: number): boolean {
    if (this.#before < 0 || inYear < this.#before) return false;
    return this.#inYear - this.#after < UNSET_SECONDS;
  }

  /**
   * Whether the log ends in a boot without a clock: time steps back in the last days, the time before the
   * step is close to the file's, and read as a New Year, the step would date the last line after the file.
   */
  #endsUnset(civil: CivilTime, fileTime: Seconds): boolean {
    if (this.#before < 0 || this.#inYear - this.#after >= UNSET_SECONDS) return false;
    const yearStart = this.#year * YEAR_SECONDS;
    const latest = fileTime + GRACE_SECONDS;
    const newest = new Date(latest * 1000).getUTCFullYear();
    return [newest, newest - 1].some((year) => {
      const before = this.#calendarOf(civil, year).utc(yearStart + this.#before, 0);
      const next = this.#calendarOf(civil, year + 1).utc(yearStart + this.#inYear, 0);
      return before <= latest && fileTime - before < UNSET_SECONDS && next > latest;
    });
  }

  #endFalseYear(): void {
    this.#before = -1;
    if (this.#falseYears.at(-1) !== this.#year) this.#falseYears.push(this.#year);
  }

  /** The calendar by which the latest line is in this year. */
  #calendarOf(civil: CivilTime, lastYear: number): Calendar {
    return new Calendar(civil, lastYear - this.#year + this.#falseYears.length, this.#falseYears);
  }

  #leapsFit(calendar: Calendar): boolean {
    return [...this.#leapYears].every((year) => calendar.isLeap(year));
  }
}

/** Month (from 0), day (from 1) and second as one number that rises through the year. */
export function inYearOf(month: number, day: number, second: number): number {
  return month * MONTH_SECONDS + (day - 1) * DAY_SECONDS + second;
}

/** The New Years between two values of {@link inYearOf}: 1, 0 or -1. */
export function newYearsBetween(from: number, to: number): number {
  const step = to - from;
  // A late line of New Year's Eve belongs to the old year.
  if (step > YEAR_SECONDS - DAY_SECONDS) return -1;
  // A step back of more than half a year has passed New Year.
  return step < -YEAR_SECONDS / 2 ? 1 : 0;
}

/** Converts the times of one log to UTC. */
export class Calendar {
  readonly #civil: CivilTime;
  /** The year before the log has passed a New Year. */
  readonly #yearZero: number;
  /** Rising. */
  readonly #falseYears: readonly number[];
  #day = Number.NaN;
  #dayStart = 0;
  #latest = Number.NEGATIVE_INFINITY;

  /** `falseYears` are those of YearlessTime that did not begin at a New Year, rising. */
  constructor(civil: CivilTime, yearZero: number, falseYears: readonly number[] = []) {
    this.#civil = civil;
    this.#yearZero = yearZero;
    this.#falseYears = [...falseYears];
  }

  /** To be called in the order of the lines; of a repeated hour, time keeps going forward. */
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
        Date.UTC(this.#yearOf(year), Math.floor(dayOfYear / 31), (dayOfYear % 31) + 1) / 1000;
    }
    return this.#civil.utc(this.#dayStart + (time - day * DAY_SECONDS), notBefore);
  }

  isLeap(newYears: number): boolean {
    return new Date(Date.UTC(this.#yearOf(newYears), 1, 29)).getUTCDate() === 29;
  }

  #yearOf(newYears: number): number {
    const falseYears = this.#falseYears.filter((year) => year <= newYears).length;
    return this.#yearZero + newYears - falseYears;
  }
}

/**
 * Records where local time fell back by an hour or two between lines, for times that are resolved
 * later. Only some lines are kept, and these alone do not show which of a repeated hour is meant.
 */
export class Setbacks {
  readonly #found: { readonly index: number; readonly from: number; readonly to: number }[] = [];
  #last = 0;

  /** Records the next line; `index` is the number of times kept so far. */
  note(time: LogTime, index: number): void {
    if (time < 0) return;
    const back = this.#last - time;
    if (back > DISORDER_SECONDS && back <= 3 * 3600 && this.#found.length < 10_000) {
      this.#found.push({ index, from: this.#last, to: time });
    }
    this.#last = time;
  }

  /** Resolves the kept times in order, passing each with its index to `take`. */
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
