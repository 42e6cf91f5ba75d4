import type { Seconds } from '../../../blocklist/entry.ts';
import type { ForeignBan, ForeignFile } from '../foreign-ban.ts';
import { type NumberedLine, numberedLines } from './numbered-lines.ts';

const CLEARED = /^Cleared: +(.+)$/;
const COUNTERS = /^(?:In|Out)\/(?:Block|Match|Pass|XPass):/;

/** Reads the output of `pfctl -t TABLE -T show`; with -v it has the time at which the counters began. */
export function* readPf({ file, times }: ForeignFile): Generator<ForeignBan> {
  let entry: NumberedLine | undefined;
  let since: Seconds | undefined;
  for (const next of numberedLines(file.lines())) {
    if (COUNTERS.test(next.line)) continue;
    const cleared = CLEARED.exec(next.line)?.[1];
    if (cleared !== undefined) since = times.read(cleared);
    else {
      if (entry !== undefined) yield banOf(entry, since);
      entry = next;
      since = undefined;
    }
  }
  if (entry !== undefined) yield banOf(entry, since);
}

function banOf({ number, line: text }: NumberedLine, since: Seconds | undefined): ForeignBan {
  if (!text.startsWith('!')) return { number, text, since };
  const fault = `${text.slice(0, 60)} is an exception; see "mcblock allow"`;
  return { number, text, fault };
}
