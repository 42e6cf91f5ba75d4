/** One line of the log; what a peer said stands in values, never in keys. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export type Level = 'debug' | 'info' | 'warning' | 'error';
const LEVELS: readonly Level[] = ['debug', 'info', 'warning', 'error'];

/** Where the server tells what happens: a JSON object a line. */
export class ServerLog {
  readonly #write: (line: string) => void;
  readonly #least: number;

  constructor(write: (line: string) => void, least: Level) {
    this.#write = write;
    this.#least = LEVELS.indexOf(least);
  }

  write(level: Level, event: string, fields: LogFields = {}): void {
    if (LEVELS.indexOf(level) < this.#least) return;
    const time = new Date().toISOString();
    this.#write(`${JSON.stringify({ time, level, event, ...fields })}\n`);
  }
}
