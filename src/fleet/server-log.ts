/** The fields of a log line. Text from peers is in values, never in keys. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export type Level = 'debug' | 'info' | 'warning' | 'error';
const LEVELS: readonly Level[] = ['debug', 'info', 'warning', 'error'];

/** The content of a log line. */
export interface LogRecord {
  readonly time: string;
  readonly level: Level;
  readonly event: string;
  readonly fields: LogFields;
}

/** The log of a server or daemon; by default one JSON object per line. */
export class ServerLog {
  readonly #write: (line: string) => void;
  readonly #minimum: number;
  readonly #format: (record: LogRecord) => string;

  constructor(write: (line: string) => void, minimum: Level, format = jsonLine) {
    this.#write = write;
    this.#minimum = LEVELS.indexOf(minimum);
    this.#format = format;
  }

  write(level: Level, event: string, fields: LogFields = {}): void {
    if (LEVELS.indexOf(level) < this.#minimum) return;
    const time = new Date().toISOString();
    this.#write(`${this.#format({ time, level, event, fields })}\n`);
  }
}

/** Control characters and bidirectional marks, which JSON.stringify leaves as they are. */
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function jsonLine({ time, level, event, fields }: LogRecord): string {
  return JSON.stringify({ time, level, event, ...fields }).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
