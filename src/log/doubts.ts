import type { Seconds } from '../blocklist/entry.ts';
import type { LineCounts } from './offences/offences.ts';

const DAY_SECONDS = 86_400;
const YEAR_SECONDS = 366 * DAY_SECONDS;
/** A log is doubtful if fewer than one in this many of its lines has a header. */
const DOUBTFUL_SHARE = 10;

/**
 * What to say of a log of which no line, or hardly any, has a header. `first` is the beginning of the
 * first line without one, `service` the one that is said to write the file itself.
 */
export function headerDoubt(
  { lines, headless }: Readonly<LineCounts>,
  first: string | undefined,
  service: string | undefined,
): string | undefined {
  const read = lines - headless;
  if (first === undefined || read * DOUBTFUL_SHARE >= lines) return undefined;
  const few = read === 0 ? 'no line has' : `only ${read} of ${lines} lines have`;
  const which = read === 0 ? 'the first is' : 'the first without is';
  return service === undefined
    ? `${few} the header of a log line; ${which} "${first}"; if a service writes this file itself, name it with --service`
    : `${few} a time as ${service} writes it; ${which} "${first}"`;
}

/** What to say of a log whose lines have no year and that spans more than one. */
export function spanDoubt(span: {
  readonly first: Seconds;
  readonly last: Seconds;
}): string | undefined {
  if (span.last - span.first <= YEAR_SECONDS) return undefined;
  return `its lines have no year, and seem to span ${day(span.first)} to ${day(span.last)}`;
}

/** What to say of a log with lines more than a day later than its file. */
export function futureDoubt(latest: Seconds | undefined, fileTime: Seconds): string | undefined {
  if (latest === undefined || latest <= fileTime + DAY_SECONDS) return undefined;
  return `it was last written on ${day(fileTime)}, but has lines up to ${day(latest)}; was a clock wrong?`;
}

function day(at: Seconds): string {
  return new Date(at * 1000).toISOString().slice(0, 10);
}
