import type { Commands, RecordedCommand } from './commands.ts';
import { restoreRecord, type StoreParts } from './exchange.ts';
import type { FormerAllowed, FormerEntry } from './undo.ts';

/** Entries of one command that are named in the record of changes. */
const MAX_NAMED = 1000;

/** The commands that can be undone. */
export class UndoSteps {
  readonly #parts: StoreParts;
  readonly #commands: Commands;

  constructor(parts: StoreParts, commands: Commands) {
    this.#parts = parts;
    this.#commands = commands;
  }

  /** The last commands, at most `most`, the latest first. */
  last(most: number): RecordedCommand[] {
    return this.#commands.steps(most);
  }

  /** The number of entries that undo of the command would restore. */
  countEntries(step: RecordedCommand): number {
    return this.#parts.undo.countFormer(step);
  }

  /** The first of these entries as they were before, in the order of comparePrefixes. */
  entries(step: RecordedCommand, most: number): FormerEntry[] {
    return this.#parts.undo.formerEntries(step, most);
  }

  /** The command's changes of the allow-list. */
  allowed(step: RecordedCommand): FormerAllowed[] {
    return this.#parts.undo.formerAllowed(step);
  }

  /** Undoes the latest command: entries with their history, logs read, and the allow-list. */
  takeBack(step: RecordedCommand): void {
    const { connection, undo, changes, coverage, outbox } = this.#parts;
    connection.together(() => {
      coverage.forget();
      for (const { prefix } of undo.formerEntries(step, MAX_NAMED)) {
        changes.add('undone', prefix, { note: step.text });
      }
      if (!outbox.isEmpty) this.#forgetReports(step);
      undo.takeBack(step);
      for (const { key, former } of undo.formerRecords(step)) {
        restoreRecord(this.#parts, key, former);
      }
      this.#commands.undone(step.id);
    });
  }

  #forgetReports(step: RecordedCommand): void {
    const { undo, outbox } = this.#parts;
    for (const { prefix, wasActive } of undo.changed(step)) {
      // If the entry was active before, other reports may be older than the command.
      if (wasActive) outbox.forgetEnd(prefix);
      else outbox.forget(prefix);
    }
    for (const { prefix } of undo.formerAllowed(step)) outbox.forget(prefix);
  }
}
