import type { Connection } from './connection.ts';

/** How far journals were counted. */
export class Cursors {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The cursor of the last entry that was counted; undefined if the journal was never read. */
  of(journal: string): string | undefined {
    const row = this.#connection.row('SELECT cursor FROM cursor WHERE source = ?', journal);
    const cursor = row?.[0];
    return typeof cursor === 'string' ? cursor : undefined;
  }

  /** Whether any journal was read. */
  isAny(): boolean {
    return this.#connection.row('SELECT 1 FROM cursor LIMIT 1') !== undefined;
  }

  put(journal: string, cursor: string): void {
    this.#connection.run('INSERT OR REPLACE INTO cursor VALUES (?, ?)', journal, cursor);
  }
}
