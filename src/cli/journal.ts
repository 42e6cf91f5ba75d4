import { InvalidArgumentError } from 'commander';
import { type JournalOptions, JournalReader } from '../log/journal/journal-reader.ts';
import { SenderCheck } from '../log/journal/sender-check.ts';
import type { ReadOptions } from '../log/read-options.ts';
import type { Config } from './config/config.ts';

/** Which part of the journal is read. */
type JournalPart = Omit<JournalOptions, 'senders' | 'directory'>;

/** Opens the journal as the configuration says. Throws McblockError('program'). */
export function openJournal(
  config: Config,
  { scanners }: Pick<ReadOptions, 'scanners'>,
  part: JournalPart,
): JournalReader {
  const [users, containers] = [config.get('journal.users'), config.get('journal.containers')];
  const senders = new SenderCheck(scanners, { users, containers });
  return new JournalReader({ senders, directory: config.get('journal.directory'), ...part });
}

/** What journalctl takes: `2026-11-22 10:00`, `-1d`, `yesterday`, `@1795341600`. */
export function parseSince(text: string): string {
  if (!/^[\w@+-][\w:. +-]{0,63}$/.test(text)) {
    throw new InvalidArgumentError(
      'use a time as journalctl takes it, such as -1d or "2026-11-22 10:00"',
    );
  }
  return text;
}
