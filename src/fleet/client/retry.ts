import { setTimeout as wait } from 'node:timers/promises';
import { McblockError } from '../../errors.ts';
import type { Answered } from './transport.ts';

export interface Patience {
  /** How often a request is sent, at least once. */
  readonly attempts: number;
  /** The longest pause after the first failure; twice as long after each further one. */
  readonly firstMilliseconds: number;
  readonly longestMilliseconds: number;
}

export const USUAL_PATIENCE: Patience = {
  attempts: 4,
  firstMilliseconds: 500,
  longestMilliseconds: 60_000,
};

/**
 * The answer, asked for again while there is none or the server says that it could be otherwise
 * later (429, 5xx). The pauses are random, so that a thousand machines do not come back at once.
 * Throws what the last attempt threw.
 */
export async function patiently(
  ask: () => Promise<Answered>,
  { attempts, firstMilliseconds, longestMilliseconds }: Patience,
  signal: AbortSignal | undefined,
): Promise<Answered> {
  for (let attempt = 1; ; attempt++) {
    let retryAfterSeconds: number | undefined;
    try {
      const answer = await ask();
      if (attempt === attempts || !isTransient(answer.status)) return answer;
      ({ retryAfterSeconds } = answer);
    } catch (error) {
      const isNonsense = error instanceof McblockError && error.code === 'input';
      if (attempt === attempts || isNonsense || signal?.aborted) throw error;
    }
    const longest = Math.min(firstMilliseconds * 2 ** (attempt - 1), longestMilliseconds);
    const asked = Math.min((retryAfterSeconds ?? 0) * 1000, longestMilliseconds);
    await pause(asked + Math.random() * longest, signal);
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw new McblockError('program', 'stopped while the API was waited for', { cause: error });
  }
}

function isTransient(status: number): boolean {
  return status === 429 || status >= 500;
}
