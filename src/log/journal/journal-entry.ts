import { isObject } from '../../validation/codec.ts';

/** The fields that are read; journalctl writes no others, but for the cursor and the time. */
export const JOURNAL_FIELDS = [
  'MESSAGE',
  'SYSLOG_IDENTIFIER',
  'SYSLOG_PID',
  'CONTAINER_NAME',
  '_COMM',
  '_HOSTNAME',
  '_MACHINE_ID',
  '_PID',
  '_SOURCE_REALTIME_TIMESTAMP',
  '_SYSTEMD_SLICE',
  '_SYSTEMD_UNIT',
  '_SYSTEMD_USER_UNIT',
  '_UID',
] as const;

/**
 * An entry of the journal. What the journal itself found out about the sender begins with `_` in the
 * journal: comm, uid, unit, userUnit and slice.
 */
export interface JournalEntry {
  readonly cursor: string;
  /** Of the sender, or else when the journal received it. */
  readonly microseconds: number;
  readonly host: string;
  /** What the sender calls itself; empty if it does not say. */
  readonly identifier: string;
  readonly pid: number | undefined;
  readonly container: string;
  readonly comm: string;
  readonly uid: number | undefined;
  readonly unit: string;
  readonly userUnit: string;
  readonly slice: string;
  /** Undefined if it is larger than what journalctl writes out, 4 KiB. */
  readonly message: Buffer | undefined;
}

type Fields = Record<string, unknown>;

/** Reads a line of `journalctl --output=json`; undefined if it is none. */
export function parseJournalEntry(line: string): JournalEntry | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(fields)) return undefined;
  const cursor = textOf(fields, '__CURSOR');
  const microseconds =
    numberOf(fields, '_SOURCE_REALTIME_TIMESTAMP') ?? numberOf(fields, '__REALTIME_TIMESTAMP');
  if (cursor === '' || microseconds === undefined) return undefined;
  return {
    cursor,
    microseconds,
    host: textOf(fields, '_HOSTNAME'),
    identifier: textOf(fields, 'SYSLOG_IDENTIFIER'),
    pid: numberOf(fields, 'SYSLOG_PID') ?? numberOf(fields, '_PID'),
    container: textOf(fields, 'CONTAINER_NAME'),
    comm: textOf(fields, '_COMM'),
    uid: numberOf(fields, '_UID'),
    unit: textOf(fields, '_SYSTEMD_UNIT'),
    userUnit: textOf(fields, '_SYSTEMD_USER_UNIT'),
    slice: textOf(fields, '_SYSTEMD_SLICE'),
    message: bytesOf(fields['MESSAGE']),
  };
}

/** A field that a sender gave more than once is an array; it is not read. */
function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

function numberOf(fields: Fields, name: string): number | undefined {
  const text = textOf(fields, name);
  return /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

/** Text that is no UTF-8, or has control characters, is an array of bytes. */
function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value === 'string') return Buffer.from(value);
  if (!Array.isArray(value)) return undefined;
  const isBytes = value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
  return isBytes ? Buffer.from(value as number[]) : undefined;
}
