/** The fields of a log line. Text from peers is in values, never in keys. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export type Level = 'debug' | 'info' | 'warning' | 'error';
const LEVELS: readonly Level[] = ['debug', 'info', 'warning', 'error'];

/** A log of JSON objects, one a line. */
export class ServerLog {
  readonly #write: (line: string) => void;
  readonly #minimum: number;

  constructor(write: (line: string) => void, minimum: Level) {
    this.#write = write;
    this.#minimum = LEVELS.indexOf(minimum);
  }

  write(level: Level, event: string, fields: LogFields = {}): void {
    if (LEVELS.indexOf(level) < this.#minimum) return;
    const time = new Date().toISOString();
    this.#write(`${JSON.stringify({ time, level, event, ...fields })}\n`);
  }
}
