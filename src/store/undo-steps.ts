import type { Offence } from '../blocklist/offence.ts';
import { OFFENCE } from '../validation/offence.ts';
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

  /**
   * Undoes the latest command: entries with their history, logs read, and the allow-list. Returns the
   * number of its reports to the fleet that were not sent yet, and will not be.
   */
  takeBack(step: RecordedCommand): number {
    const { connection, undo, changes, coverage, history, outbox, pending } = this.#parts;
    return connection.together(() => {
      coverage.forget();
      for (const { prefix } of undo.formerEntries(step, MAX_NAMED)) {
        changes.add('undone', prefix, { note: step.text });
      }
      const before = outbox.pending.isOn ? pending.all() : [];
      undo.takeBack(step);
      outbox.pending.takeBack(() => {
        const kept = new Set(pending.all().map(textOf));
        return before.filter((offence) => !kept.has(textOf(offence)));
      });
      for (const { key, former } of undo.formerRecords(step)) {
        restoreRecord(this.#parts, key, former);
      }
      this.#commands.undone(step.id);
      // What something else changed since is still there, and so is what was reported of it.
      return outbox.takeBack(step.id, (prefix) => history.commandsOf(prefix).includes(step.id));
    });
  }
}

function textOf(offence: Offence): string {
  return JSON.stringify(OFFENCE.write(offence));
}
