import { readSync, writeSync } from 'node:fs';
import type { Stream } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

const NEVER = new Int32Array(new SharedArrayBuffer(4));

export function sleep(milliseconds: number): void {
  Atomics.wait(NEVER, 0, 0, milliseconds);
}

/**
 * Lets what else there is to do be done, then sleeps: input is passed on, and the ends and the
 * complaints of programs are heard, by the event loop alone.
 */
export async function idle(milliseconds: number): Promise<void> {
  await setImmediate();
  sleep(milliseconds);
}

/** How many bytes there were, 0 at the end; undefined where nothing is there yet. */
export function readNow(descriptor: number, buffer: Buffer, start = 0): number | undefined {
  return unlessItWaits(() => readSync(descriptor, buffer, start, buffer.length - start, null));
}

/** How many bytes could be written; undefined where none can be yet. */
export function writeNow(descriptor: number, bytes: Buffer): number | undefined {
  return unlessItWaits(() => writeSync(descriptor, bytes));
}

function unlessItWaits(call: () => number): number | undefined {
  try {
    return call();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN') return undefined;
    throw cause;
  }
}

/** Undefined where the stream does not tell, or has closed it. */
export function descriptorOf(stream: Stream): number | undefined {
  const descriptor = handleOf(stream)?.fd;
  return typeof descriptor === 'number' && descriptor >= 0 ? descriptor : undefined;
}

/**
 * Keeps a stream that nothing has come from yet from reading, so that all is there for readNow. It
 * waits for what it began to read, and begins with nothing else, not even when the program ends.
 */
export function stopReading(stream: Stream): void {
  const handle = handleOf(stream);
  if (typeof handle?.readStop === 'function') handle.readStop();
}

function handleOf(stream: Stream): { fd?: unknown; readStop?: unknown } | undefined {
  const handle: unknown = Reflect.get(stream, '_handle');
  return typeof handle === 'object' && handle !== null ? handle : undefined;
}
