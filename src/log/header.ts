import { readBsdHeader } from './bsd-header.ts';

/**
 * What stands before the message of a log line, as places in its bytes. One object is filled again
 * for each line, so that a million lines make no garbage.
 */
export interface Header {
  /** 0 for January. */
  month: number;
  /** 1 to 31. */
  day: number;
  /** Seconds since local midnight. */
  second: number;
  hostStart: number;
  hostEnd: number;
  /** -1 where the line names no program; then the message is all after the host. */
  programStart: number;
  programEnd: number;
  /** -1 where there is none. */
  pid: number;
  messageStart: number;
}

/** Fills `header` from the line bytes[start, end). False: this is not such a line. */
type HeaderReader = (bytes: Uint8Array, start: number, end: number, header: Header) => boolean;

/** Every style of header there is. The first that fits reads the line. */
const HEADER_READERS: readonly HeaderReader[] = [readBsdHeader];

export function readHeader(bytes: Uint8Array, start: number, end: number, header: Header): boolean {
  for (const read of HEADER_READERS) if (read(bytes, start, end, header)) return true;
  return false;
}

export function emptyHeader(): Header {
  return {
    month: 0,
    day: 1,
    second: 0,
    hostStart: 0,
    hostEnd: 0,
    programStart: -1,
    programEnd: -1,
    pid: -1,
    messageStart: 0,
  };
}
