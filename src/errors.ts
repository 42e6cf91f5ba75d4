import { getSystemErrorMap } from 'node:util';

/**
 * Every error that mcblock raises on purpose: one class, and a table that gives each code its exit
 * code. A message says what is wrong and what to do about it.
 */
const EXIT_CODES = {
  /** Arguments or options that make no sense. */
  usage: 2,
  /** A configuration, grammar or allow-list that cannot be used as it stands. */
  config: 2,
  /** A file that does not exist, or cannot be read or written. */
  file: 1,
  /** Input that is damaged, truncated or of the wrong kind. */
  input: 1,
  /** The store cannot be opened, read or written. */
  store: 1,
  /** A request refused because it touches protected addresses. */
  protected: 1,
  /** Another program failed or is missing. */
  program: 1,
  /** The system lacks something that is needed. */
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

/** An error about this file, host, option or key: `NAME: REASON`. */
export function errorOf(code: ErrorCode, name: string, cause: unknown): McblockError {
  return new McblockError(code, `${name}: ${reasonOf(cause)}`, { cause });
}

/** Where libuv's wording is longer than it need be, or odd. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'is a directory',
  ENOTFOUND: 'unknown host',
};

/**
 * What went wrong, in a few words: for a system error what errno(2) means, without the code, system
 * call and path that Node adds; otherwise the message. The caller names the file, host or user.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node reports a connection that failed on every address as one error without a message.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && systemReason(code)) || error.message;
}

function systemReason(code: string): string | undefined {
  if (Object.hasOwn(REASONS, code)) return REASONS[code];
  return [...getSystemErrorMap().values()].find(([name]) => name === code)?.[1];
}
