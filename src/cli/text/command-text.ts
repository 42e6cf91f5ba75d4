import { countText } from '../../count-text.ts';
import type { RecordedCommand } from '../../store/commands.ts';
import { printable } from './printable.ts';
import { type Column, timeColumn } from './table.ts';
import { isoTime, shortTime } from './time.ts';

export function commandJson({ text, user, at, entries, state }: RecordedCommand): object {
  return { command: text, user, at: isoTime(at), entries, state };
}

/** A list of commands for people. */
export const COMMAND_COLUMNS: readonly Column<RecordedCommand>[] = [
  timeColumn('TIME', ({ at }) => shortTime(at)),
  { title: 'USER', cell: ({ user }) => printable(user === '' ? '-' : user) },
  { title: 'ENTRIES', align: 'right', cell: ({ entries }) => countText(entries) },
  { title: 'UNDO', cell: ({ state }) => (state === 'final' ? '-' : state) },
  { title: 'COMMAND', cell: ({ text }) => printable(text) },
];
