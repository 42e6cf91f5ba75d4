/**
 * A line of newsyslog.conf(5): name, owner (with a colon, or not at all), mode, count, size, when and
 * flags; then a file with a pid or, with the flag R of FreeBSD or in quotes on OpenBSD, a command.
 */
export interface NewsyslogLine {
  readonly log: string;
  /** Up to the flags. */
  readonly head: string;
  readonly flags: string;
  /** The rest after the flags. */
  readonly rest: string;
}

const LINE =
  /^(\s*(\S+)\s+(?:\S*:\S*\s+)?[0-7]{3,4}\s+\S+\s+\S+\s+\S+)(?:\s+([A-Za-z-]+))?(?:\s+(.*?))?\s*$/;

/** Undefined for a comment, an include or anything else. */
export function readNewsyslogLine(line: string): NewsyslogLine | undefined {
  const [, head, log, flags = '', rest = ''] = LINE.exec(line) ?? [];
  if (head === undefined || log === undefined || /^[#<]/.test(log)) return undefined;
  return { log, head, flags, rest };
}
