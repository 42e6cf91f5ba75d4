import type { ForeignBan } from '../foreign-ban.ts';

/** Reads a list, one prefix or range per line; # and ; start comments. */
export function* readList(lines: Iterable<string>): Generator<ForeignBan> {
  let number = 0;
  for (const line of lines) {
    number++;
    const text = line.replace(/[#;].*/, '').trim();
    if (text !== '') yield { number, text };
  }
}
