import type { Seconds } from '../blocklist/entry.ts';
import { textOf } from './bytes.ts';
import type { Line } from './line.ts';
import type { Calendar, LogTime } from './time/clock.ts';

const DAY_SECONDS = 86_400;
const YEAR_SECONDS = 366 * DAY_SECONDS;
/** A log is doubtful if fewer than one in this many of its lines has a header. */
const DOUBTFUL_SHARE = 10;
/** How much of a line is shown in a warning. */
const EXCERPT_BYTES = 100;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** What is known of a log after its last line. */
interface LogFacts {
  readonly calendar: Calendar;
  /** When it was last written to. */
  readonly fileTime: Seconds;
  /** Some of its lines have no year. */
  readonly isYearless: boolean;
  /** The service that is said to write the log itself. */
  readonly service: string | undefined;
}

/** Whether a line lacks the header of a log line, or has one that names no program. */
export function isHeadless({ known, service, header }: Line): boolean {
  return !known || (service < 0 && header.programStart < 0);
}

/** Finds signs that a log is not read as it was meant. */
export class LogDoubts {
  #lines = 0;
  #headless = 0;
  #headlessLine: string | undefined;
  #first: LogTime | undefined;
  #last: LogTime = 0;
  /** The latest of the lines with a year, and of those without. */
  #latestKnown: LogTime | undefined;
  #latestYearless: LogTime | undefined;
  readonly #told = new Set<string>();

  add(line: Line): void {
    this.#lines++;
    if (isHeadless(line)) {
      this.#headless++;
      this.#headlessLine ??= excerptOf(line);
    }
    if (!line.known) return;
    const { time } = line;
    this.#first ??= time;
    this.#last = time;
    if (time < 0) this.#latestKnown = Math.max(time, this.#latestKnown ?? time);
    else this.#latestYearless = Math.max(time, this.#latestYearless ?? 0);
  }

  /** Discards the times of the lines so far, which were read before. */
  forgetTimes(): void {
    this.#first = undefined;
    this.#latestKnown = undefined;
    this.#latestYearless = undefined;
  }

  /** What to warn of, each once. */
  warnings(facts: LogFacts): string[] {
    const doubts = { header: this.#ofHeaders(facts), ...this.#ofTimes(facts) };
    return Object.entries(doubts).flatMap(([kind, text]) => {
      if (text === undefined || this.#told.has(kind)) return [];
      this.#told.add(kind);
      return [text];
    });
  }

  /** No line, or hardly any, has a header. */
  #ofHeaders({ service }: LogFacts): string | undefined {
    const first = this.#headlessLine;
    const read = this.#lines - this.#headless;
    if (first === undefined || read * DOUBTFUL_SHARE >= this.#lines) return undefined;
    const few = read === 0 ? 'no line has' : `only ${read} of ${this.#lines} lines have`;
    const which = read === 0 ? 'the first is' : 'the first without is';
    return service === undefined
      ? `${few} the header of a log line; ${which} "${first}"; if a service writes this file itself, name it with --service`
      : `${few} a time as ${service} writes it; ${which} "${first}"`;
  }

  /** Lines without a year that span more than one, or lines more than a day later than the file. */
  #ofTimes({ calendar, fileTime, isYearless }: LogFacts): { span?: string; future?: string } {
    if (this.#first === undefined) return {};
    const utc = (time: LogTime): Seconds => calendar.utc(time, Number.NEGATIVE_INFINITY);
    const first = utc(this.#first);
    const last = calendar.utc(this.#last, first);
    const latest = Math.max(
      ...[this.#latestKnown, this.#latestYearless].filter((time) => time !== undefined).map(utc),
    );
    return {
      ...(isYearless &&
        last - first > YEAR_SECONDS && {
          span: `its lines have no year, and seem to span ${day(first)} to ${day(last)}`,
        }),
      ...(latest > fileTime + DAY_SECONDS && {
        future: `it was last written on ${day(fileTime)}, but has lines up to ${day(latest)}; was a clock wrong?`,
      }),
    };
  }
}

function day(at: Seconds): string {
  return new Date(at * 1000).toISOString().slice(0, 10);
}

/** Undefined for a blank line. */
function excerptOf({ bytes, start, end }: Line): string | undefined {
  const text = textOf(bytes, start, Math.min(end, start + EXCERPT_BYTES))
    .replaceAll(UNPRINTABLE, '?')
    .trim();
  if (text === '') return undefined;
  return end - start > EXCERPT_BYTES ? `${text}...` : text;
}
