/**
 * How much of its time a line names: nothing (RFC 5424's `-`), all but the year, all but the zone,
 * or all of it.
 */
type Dating = 'untimed' | 'yearless' | 'local' | 'zoned';

/** The time of a line, as far as the line names it. */
export interface HeaderTime {
  dating: Dating;
  /** 1970 to 2105; only if the dating is `local` or `zoned`. */
  year: number;
  /** From 0. */
  month: number;
  /** From 1. */
  day: number;
  /** Seconds since midnight, local to the host that wrote the line. */
  second: number;
  /** East of UTC; only if the dating is `zoned`. */
  offsetSeconds: number;
  /** The line names a fraction of the second. Set by what reads one, reset before each line. */
  isFractional: boolean;
}

/**
 * What precedes the message of a log line, as offsets in its bytes. One object is reused for all
 * lines.
 */
export interface Header extends HeaderTime {
  /** Equal to hostEnd if the line names no host. */
  hostStart: number;
  hostEnd: number;
  /** -1 if the line names no program; the message is then all that follows the host. */
  programStart: number;
  programEnd: number;
  /** -1 if there is none. */
  pid: number;
  messageStart: number;
}

/**
 * Fills `header` from the line bytes[start, end). Returns false if the line has no such header; the
 * contents of `header` are then undefined.
 */
export type HeaderReader = (
  bytes: Uint8Array,
  start: number,
  end: number,
  header: Header,
) => boolean;

export function emptyHeader(): Header {
  return {
    dating: 'untimed',
    year: 0,
    month: 0,
    day: 1,
    second: 0,
    offsetSeconds: 0,
    isFractional: false,
    hostStart: 0,
    hostEnd: 0,
    programStart: -1,
    programEnd: -1,
    pid: -1,
    messageStart: 0,
  };
}

/** Makes it the header of a line that names neither host nor program. */
export function setMessage(header: Header, messageStart: number): true {
  header.hostStart = messageStart;
  header.hostEnd = messageStart;
  header.programStart = -1;
  header.programEnd = -1;
  header.pid = -1;
  header.messageStart = messageStart;
  return true;
}
