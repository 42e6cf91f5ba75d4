export type SqliteValue = number | string | Uint8Array | null;
type Row = readonly SqliteValue[];

/** An open SQLite database. */
export interface SqliteConnection {
  /** For messages. */
  readonly path: string;
  run(sql: string, ...values: readonly SqliteValue[]): number;
  row(sql: string, ...values: readonly SqliteValue[]): Row | undefined;
  rows(sql: string, ...values: readonly SqliteValue[]): Row[];
  execute(sql: string): void;
  /** Commits what `work` writes, or nothing if it throws. Others cannot write meanwhile. */
  transaction<T>(work: () => T): T;
  /** Freezes what is read until the returned function is called. */
  snapshot(): () => void;
  close(): void;
}
