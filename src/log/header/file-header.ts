import type { FileForm, HeaderField } from '../../../grammar/notation/file-fields.ts';
import { setLocalTime, setUtcTime, setYearlessTime } from '../time/date.ts';
import { readCtime, readMonthTime } from './ctime.ts';
import { afterDigits, digitAt, fourDigits, monthAt, twoDigits } from './digits.ts';
import { emptyHeader, type Header, type HeaderReader, setMessage } from './header.ts';
import { readIsoTime } from './iso-header.ts';
import { PID_LIMIT } from './pid-limit.ts';
import { readZone } from './time-parts.ts';

const SPACE = 0x20;
const ZERO = 0x30;
/** 2001 to 2286. */
const EPOCH_DIGITS = 10;
const MILLISECOND_DIGITS = 13;
/** A line that needs more steps counts as one without such a header. */
const MAX_STEPS = 262_144;

/** The fields found in a header, from the end of the line to its beginning. */
interface Found {
  year: number;
  month: number;
  day: number;
  hour: number;
  /** 0 for AM, 12 for PM; -1 if absent. */
  halfDay: number;
  minute: number;
  second: number;
  /** UTC seconds. */
  epoch: number;
  pid: number;
  isFractional: boolean;
  /** Offsets of fields that are read again once all is known; -1 if absent. */
  zoneAt: number;
  timeAt: number;
  readTime: typeof readIsoTime;
  messageAt: number;
  /** Steps so far in search of the end of a word or text. */
  steps: number;
}

const NOTHING_FOUND: Readonly<Found> = {
  year: -1,
  month: -1,
  day: -1,
  hour: -1,
  halfDay: -1,
  minute: 0,
  second: 0,
  epoch: -1,
  pid: -1,
  isFractional: false,
  zoneAt: -1,
  timeAt: -1,
  readTime: readIsoTime,
  messageAt: -1,
  steps: 0,
};

/** Matches bytes[at, end) and the rest of the header. Returns the offset after the header, or -1. */
type Matcher = (bytes: Uint8Array, at: number, end: number) => number;

/** Reads a field at bytes[at, end). Returns the offset after it, or -1. */
type FieldReader = (bytes: Uint8Array, at: number, end: number) => number;

/** The reader of lines that begin as a grammar declares. A line has the first way of reading it. */
export function fileHeaderReader(form: FileForm): HeaderReader {
  const found = { ...NOTHING_FOUND };
  const match = matcherOf(form, found, (_, at) => at);
  return (bytes, start, end, header) => {
    Object.assign(found, NOTHING_FOUND);
    const at = match(bytes, start, end);
    if (at < 0 || !setTime(header, found, bytes, end)) return false;
    setMessage(header, found.messageAt < 0 ? at : found.messageAt);
    header.pid = found.pid;
    header.isFractional ||= found.isFractional;
    return true;
  };
}

function matcherOf(form: FileForm, found: Found, next: Matcher): Matcher {
  switch (form.type) {
    case 'literal':
      return literalMatcher(form.bytes, next);
    case 'field':
      return fieldMatcher(form.field, found, next);
    case 'sequence':
      return form.items.reduceRight((rest, item) => matcherOf(item, found, rest), next);
    case 'choice': {
      const branches = form.branches.map((branch) => matcherOf(branch, found, next));
      return (bytes, at, end) => {
        for (const branch of branches) {
          const after = branch(bytes, at, end);
          if (after >= 0) return after;
        }
        return -1;
      };
    }
  }
}

function literalMatcher(literal: readonly number[], next: Matcher): Matcher {
  return (bytes, at, end) => {
    if (end - at < literal.length) return -1;
    for (let index = 0; index < literal.length; index++) {
      if (bytes[at + index] !== literal[index]) return -1;
    }
    return next(bytes, at + literal.length, end);
  };
}

function fieldMatcher(field: HeaderField, found: Found, next: Matcher): Matcher {
  if (field === 'WORD') return searchMatcher(1, (byte) => byte !== SPACE, found, next);
  if (field === 'TEXT') return searchMatcher(0, () => true, found, next);
  const read = FIELD_READERS[field];
  const take = TAKEN[field];
  return (bytes, at, end) => {
    const fieldEnd = read(bytes, at, end);
    const after = fieldEnd < 0 ? -1 : next(bytes, fieldEnd, end);
    // Only on the path that matches to the end.
    if (after >= 0) take?.(found, bytes, at, fieldEnd);
    return after;
  };
}

/** Matches as few bytes as possible, at least `least`, for which `isOne` holds. */
function searchMatcher(
  least: number,
  isOne: (byte: number) => boolean,
  found: Found,
  next: Matcher,
): Matcher {
  return (bytes, start, end) => {
    for (let at = start; found.steps < MAX_STEPS; at++) {
      found.steps++;
      const after = at - start < least ? -1 : next(bytes, at, end);
      if (after >= 0) return after;
      if (at >= end || !isOne(bytes[at] ?? SPACE)) break;
    }
    return -1;
  };
}

type OwnField = Exclude<HeaderField, 'WORD' | 'TEXT'>;

const FIELD_READERS: Readonly<Record<OwnField, FieldReader>> = {
  YEAR: fixed(4, (bytes, at) => fourDigits(bytes, at)),
  'SHORT-YEAR': fixed(2, twoDigits),
  MONTH: fixed(2, twoDigits),
  'MONTH-NAME': fixed(3, monthAt),
  DAY: readSmall,
  HOUR: readSmall,
  'AM-PM': fixed(2, halfDayAt),
  MINUTE: fixed(2, twoDigits),
  SECOND: fixed(2, twoDigits),
  FRACTION: some(Number.POSITIVE_INFINITY),
  INT: some(Number.POSITIVE_INFINITY),
  ZONE: (bytes, at, end) => {
    const after = readZone(bytes, at, end, ignored);
    return after > at ? after : -1;
  },
  EPOCH: some(EPOCH_DIGITS),
  'EPOCH-MS': some(MILLISECOND_DIGITS),
  'ISO-TIME': (bytes, at, end) => readIsoTime(bytes, at, end, ignored),
  'SYSLOG-TIME': (bytes, at, end) => readMonthTime(bytes, at, end, ignored),
  CTIME: (bytes, at, end) => readCtime(bytes, at, end, ignored),
  PID: (bytes, at, end) => {
    const after = afterDigits(bytes, at, end);
    return after > at && numberIn(bytes, at, after) <= PID_LIMIT ? after : -1;
  },
  MESSAGE: (_, at) => at,
};

/** Readers write to this before it is known whether the header matches. */
const ignored: Header = emptyHeader();

const TAKEN: Readonly<
  Partial<Record<OwnField, (found: Found, bytes: Uint8Array, at: number, end: number) => void>>
> = {
  YEAR: (found, bytes, at) => (found.year = fourDigits(bytes, at)),
  'SHORT-YEAR': (found, bytes, at) => (found.year = 2000 + twoDigits(bytes, at)),
  MONTH: (found, bytes, at) => (found.month = twoDigits(bytes, at) - 1),
  'MONTH-NAME': (found, bytes, at) => (found.month = monthAt(bytes, at)),
  DAY: (found, bytes, at, end) => (found.day = numberIn(bytes, at, end)),
  HOUR: (found, bytes, at, end) => (found.hour = numberIn(bytes, at, end)),
  'AM-PM': (found, bytes, at) => (found.halfDay = halfDayAt(bytes, at)),
  MINUTE: (found, bytes, at) => (found.minute = twoDigits(bytes, at)),
  SECOND: (found, bytes, at) => (found.second = twoDigits(bytes, at)),
  FRACTION: (found) => (found.isFractional = true),
  ZONE: (found, _, at) => (found.zoneAt = at),
  EPOCH: (found, bytes, at, end) => (found.epoch = numberIn(bytes, at, end)),
  'EPOCH-MS': (found, bytes, at, end) => {
    found.epoch = Math.floor(numberIn(bytes, at, end) / 1000);
    found.isFractional = true;
  },
  'ISO-TIME': (found, _, at) => setReader(found, at, readIsoTime),
  'SYSLOG-TIME': (found, _, at) => setReader(found, at, readMonthTime),
  CTIME: (found, _, at) => setReader(found, at, readCtime),
  PID: (found, bytes, at, end) => (found.pid = numberIn(bytes, at, end)),
  MESSAGE: (found, _, at) => (found.messageAt = at),
};

function setReader(found: Found, at: number, read: typeof readIsoTime): void {
  found.timeAt = at;
  found.readTime = read;
}

function fixed(length: number, read: (bytes: Uint8Array, at: number) => number): FieldReader {
  return (bytes, at, end) => (end - at >= length && read(bytes, at) >= 0 ? at + length : -1);
}

/** 0 for `AM`, 12 for `PM`, in either case; otherwise -1. */
function halfDayAt(bytes: Uint8Array, at: number): number {
  const text = String.fromCharCode(bytes[at] ?? 0, bytes[at + 1] ?? 0).toUpperCase();
  return text === 'AM' ? 0 : text === 'PM' ? 12 : -1;
}

/** Exactly this many digits, or any number from 1. */
function some(count: number): FieldReader {
  return (bytes, at, end) => {
    const after = afterDigits(bytes, at, end);
    return after > at && (after === at + count || count === Number.POSITIVE_INFINITY) ? after : -1;
  };
}

/** One or two digits, or a space and a digit. */
function readSmall(bytes: Uint8Array, at: number, end: number): number {
  if (
    end - at >= 2 &&
    (bytes[at] === SPACE || digitAt(bytes, at) >= 0) &&
    digitAt(bytes, at + 1) >= 0
  ) {
    return at + 2;
  }
  return at < end && digitAt(bytes, at) >= 0 ? at + 1 : -1;
}

/** The number that digits, or a space and digits, stand for. */
function numberIn(bytes: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) {
    if (bytes[at] !== SPACE) number = number * 10 + (bytes[at] ?? ZERO) - ZERO;
  }
  return number;
}

function setTime(header: Header, found: Found, bytes: Uint8Array, end: number): boolean {
  const { year, month, day, minute, second, epoch, zoneAt, timeAt, readTime } = found;
  if (epoch >= 0) return setUtcTime(header, epoch);
  if (timeAt >= 0) readTime(bytes, timeAt, end, header);
  else {
    const hour = hourOf(found);
    // 60 is a leap second.
    if (hour < 0 || hour > 23 || minute > 59 || second > 60) return false;
    const time = hour * 3600 + minute * 60 + Math.min(second, 59);
    const isDate =
      year < 0
        ? setYearlessTime(header, month, day, time)
        : setLocalTime(header, year, month, day, time);
    if (!isDate) return false;
  }
  if (zoneAt >= 0 && header.dating === 'local') readZone(bytes, zoneAt, end, header);
  return true;
}

/** Of 24 hours; -1 if it is none. */
function hourOf({ hour, halfDay }: Found): number {
  if (halfDay < 0) return hour;
  return hour < 1 || hour > 12 ? -1 : (hour % 12) + halfDay;
}
