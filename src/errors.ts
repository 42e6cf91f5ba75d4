/**
 * Every error that mcblock raises on purpose: one class, and a table that gives
 * each code its exit code. A message says what is wrong and what to do.
 */
const EXIT_CODES = {
  /** Arguments or options that make no sense. */
  usage: 2,
  /** A configuration, grammar or allow-list that cannot be used as it stands. */
  config: 2,
  /** A file that is not there, may not be read or may not be written. */
  file: 1,
  /** Content that is damaged, truncated or not what it should be. */
  input: 1,
  /** The store cannot be opened, read or written. */
  store: 1,
  /** A request that is not carried out because it would touch what is protected. */
  protected: 1,
  /** Another program that is needed failed or is missing. */
  program: 1,
  /** The system does not give what is needed. */
  system: 1,
} as const;

export type ErrorCode = keyof typeof EXIT_CODES;

export class McblockError extends Error {
  override readonly name = 'McblockError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** 1: failed, 2: used wrongly. */
  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}

/** The text of whatever was thrown, for the end of a sentence of ours. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
