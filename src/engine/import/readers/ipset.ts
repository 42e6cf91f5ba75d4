import { McblockError } from '../../../errors.ts';
import type { ForeignBan, ForeignFile } from '../foreign-ban.ts';
import { numberedLines } from './numbered-lines.ts';

/** Types whose elements are addresses and nothing else. */
const TYPES = new Set(['hash:ip', 'hash:net', 'bitmap:ip']);
const CREATE = /^create (\S+) (\S+)/;
const ADD = /^add (\S+) (\S+)(.*)$/;
const TIMEOUT = /(?:^| )timeout (\d{1,10})(?: |$)/;
const COMMENT = /(?:^| )comment "([^"]*)"/;

/** Reads the output of `ipset save SET`. Throws McblockError('input') if it holds several sets. */
export function* readIpset({ file, now }: ForeignFile): Generator<ForeignBan> {
  let set: string | undefined;
  for (const { number, line } of numberedLines(file.lines())) {
    const [isCreate, name, type = ''] = CREATE.exec(line) ?? [];
    if (isCreate !== undefined) {
      if (set !== undefined) {
        throw new McblockError(
          'input',
          `${file.name} holds several sets, such as ${set} and ${name}; use "ipset save SET" for each`,
        );
      }
      if (!TYPES.has(type)) {
        throw new McblockError('input', `${file.name}: ${type} is not a set of addresses`);
      }
      set = name;
      continue;
    }
    const [isAdd, , text = '', options = ''] = ADD.exec(line) ?? [];
    if (isAdd === undefined || set === undefined) {
      throw new McblockError('input', `${file.name}:${number}: not written by "ipset save"`);
    }
    const seconds = Number(TIMEOUT.exec(options)?.[1] ?? 0);
    const fault = / nomatch(?: |$)/.test(options)
      ? `${text} is an exception; see "mcblock allow"`
      : undefined;
    yield {
      number,
      text,
      // In a set with timeouts, 0 means none.
      until: seconds === 0 ? undefined : now + seconds,
      reason: [set, COMMENT.exec(options)?.[1] ?? ''].join(' ').trim(),
      fault,
    };
  }
}
