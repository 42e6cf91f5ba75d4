import { setTimeout as wait } from 'node:timers/promises';
import { McblockError } from '../../errors.ts';
import type { ApiResponse } from './transport.ts';

export interface RetryPolicy {
  /** At least 1. */
  readonly attempts: number;
  /** The longest pause after the first failure; it doubles with each further one. */
  readonly firstMilliseconds: number;
  readonly maxMilliseconds: number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 4,
  firstMilliseconds: 500,
  maxMilliseconds: 60_000,
};

/**
 * Sends again while there is no answer or a temporary failure (429, 5xx). The pauses are random, so
 * that a thousand machines do not come back at once. Throws what the last attempt threw.
 */
export async function withRetries(
  send: () => Promise<ApiResponse>,
  { attempts, firstMilliseconds, maxMilliseconds }: RetryPolicy,
  signal: AbortSignal | undefined,
  isTemporary = isTemporaryStatus,
): Promise<ApiResponse> {
  for (let attempt = 1; ; attempt++) {
    let retryAfterSeconds: number | undefined;
    try {
      const response = await send();
      if (attempt === attempts || !isTemporary(response.status)) return response;
      ({ retryAfterSeconds } = response);
    } catch (error) {
      const isInvalid = error instanceof McblockError && error.code === 'input';
      if (attempt === attempts || isInvalid || signal?.aborted) throw error;
    }
    const longest = Math.min(firstMilliseconds * 2 ** (attempt - 1), maxMilliseconds);
    const requested = Math.min((retryAfterSeconds ?? 0) * 1000, maxMilliseconds);
    await pause(requested + Math.random() * longest, signal);
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw new McblockError('program', 'stopped while waiting for the API', { cause: error });
  }
}

function isTemporaryStatus(status: number): boolean {
  return status === 429 || status >= 500;
}
