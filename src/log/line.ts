import { emptyReading, type Reading } from '../../grammar/notation/reading.ts';
import { NO_MATCH } from '../../grammar/notation/scanner.ts';
import type { Prefix } from '../net/prefix.ts';
import { emptyHeader, type Header } from './header/header.ts';
import type { LogTime } from './time/clock.ts';

/**
 * The line that is being read. One object is reused for all lines, so that reading a line allocates
 * nothing; it is valid only during the call that passes it on.
 */
export interface Line {
  bytes: Buffer;
  start: number;
  end: number;
  /** From 1. */
  number: number;
  /** Offset of the line in the decompressed stream. */
  offset: number;
  /**
   * Longer than the limit, ours or that of the service: the rest is lost, and the line is not
   * searched for a message.
   */
  cut: boolean;
  /** The line has a header and a time; if not, what follows here is undefined. */
  known: boolean;
  time: LogTime;
  readonly header: Header;
  /** The message, without the wrapping of a repetition. */
  messageStart: number;
  messageEnd: number;
  /** Index of the scanner that recognised the message, or whose program it is; -1 if none. */
  service: number;
  /** As `service`, but that of the program itself if another service (PAM) writes in its name. */
  speaker: number;
  /** The host and the process (-1: none); only with a service. */
  host: number;
  pid: number;
  /**
   * What identifies the connection on that host: a process and a port of the peer, + 1, or 0; or the
   * hash of a service's own identifier. Only with a message; the first word is -1 if the line stands
   * alone.
   */
  process: number;
  session: number;
  /** Index of the message, NO_MATCH or AMBIGUOUS. */
  message: number;
  readonly reading: Reading;
  /** The trusted proxy through which the peer came. Only with a message. */
  proxy: Prefix | undefined;
  /** How many events the line stands for. */
  count: number;
  /** The line repeats the line before; `reading` then refers to the bytes of that one. */
  repeatsLast: boolean;
}

export function emptyLine(): Line {
  return {
    bytes: Buffer.alloc(0),
    start: 0,
    end: 0,
    number: 0,
    offset: 0,
    cut: false,
    known: false,
    time: 0,
    header: emptyHeader(),
    messageStart: 0,
    messageEnd: 0,
    service: -1,
    speaker: -1,
    host: 0,
    pid: -1,
    process: -1,
    session: 0,
    message: NO_MATCH,
    reading: emptyReading(),
    proxy: undefined,
    count: 1,
    repeatsLast: false,
  };
}
