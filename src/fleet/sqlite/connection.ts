export type Cell = number | string | Uint8Array | null;
type Row = readonly Cell[];

/** One open SQLite database, as the store of this machine opens them too. */
export interface SqliteConnection {
  /** What messages call it. */
  readonly path: string;
  run(sql: string, ...values: readonly Cell[]): number;
  row(sql: string, ...values: readonly Cell[]): Row | undefined;
  rows(sql: string, ...values: readonly Cell[]): Row[];
  execute(sql: string): void;
  /** All that `work` writes or nothing; nobody else writes meanwhile. `work` is synchronous. */
  transaction<T>(work: () => T): T;
  /** Until what comes back is called, everything read is as it is now. */
  snapshot(): () => void;
  close(): void;
}
