import { fstatSync, statSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { devNull } from 'node:os';
import type * as ttyModule from 'node:tty';
import { errorOf } from '../errors.ts';

const USUAL_COLUMNS = 80;

/** Destination of results or messages. Writes are complete: nothing is buffered. */
export interface Sink {
  readonly isTerminal: boolean;
  /** Columns of the terminal; undefined if it is not one. */
  readonly columns: number | undefined;
  write(data: string | Uint8Array): void;
}

/** The reader of the output closed it. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** A sink that writes to a file descriptor and waits while a pipe is full. */
export function descriptorSink(descriptor: number): Sink {
  let known: boolean | undefined;
  const isTerminal = () => (known ??= mayBeTerminal(descriptor) && tty().isatty(descriptor));
  return {
    get isTerminal() {
      return isTerminal();
    },
    get columns() {
      if (!isTerminal()) return undefined;
      // A serial console does not know its width.
      return new (tty().WriteStream)(descriptor).columns || USUAL_COLUMNS;
    },
    write(data) {
      writeWhole(descriptor, typeof data === 'string' ? Buffer.from(data) : data);
    },
  };
}

/**
 * The same sink for one who goes on without it: what fails is handed to `onFailure`, but for a reader that
 * is gone.
 */
export function lastingSink(
  sink: Sink,
  onFailure: (error: unknown) => void = () => {},
  isLasting: () => boolean = () => true,
): Sink {
  return {
    get isTerminal() {
      return sink.isTerminal;
    },
    get columns() {
      return sink.columns;
    },
    write(data) {
      try {
        sink.write(data);
      } catch (error) {
        if (!isLasting()) throw error;
        if (!(error instanceof ReaderGone)) onFailure(error);
      }
    },
  };
}

/** Loads 30 more modules of Node, so it is called only for what may be a terminal. */
function tty(): typeof ttyModule {
  return createRequire(import.meta.url)('node:tty');
}

function mayBeTerminal(descriptor: number): boolean {
  const stat = fstatSync(descriptor);
  return stat.isCharacterDevice() && stat.rdev !== statSync(devNull).rdev;
}

/** write(2) may write less than asked, and nothing at all to a full non-blocking pipe. */
function writeWhole(descriptor: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(descriptor, bytes, offset);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new ReaderGone();
      if (code !== 'EAGAIN') {
        throw errorOf('file', 'output', error);
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}
