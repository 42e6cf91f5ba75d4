import { fstatSync, writeSync } from 'node:fs';
import { isatty, WriteStream } from 'node:tty';
import { McblockError, reasonOf } from '../errors.ts';

/** Where results or messages go. Writes are whole: nothing is buffered behind the caller's back. */
export interface Sink {
  readonly isTerminal: boolean;
  /** Columns of the terminal; undefined where there is none. */
  readonly columns: number | undefined;
  write(data: string | Uint8Array): void;
}

/** The reader went away; there is nobody left to tell. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

/** A sink that writes to a file descriptor, waiting where a pipe is full. */
export function descriptorSink(descriptor: number): Sink {
  let known: boolean | undefined;
  const isTerminal = () => {
    // Node's part for terminals takes long to load; where this says no, it is not asked.
    known ??= fstatSync(descriptor).isCharacterDevice() && isatty(descriptor);
    return known;
  };
  return {
    get isTerminal() {
      return isTerminal();
    },
    get columns() {
      return isTerminal() ? new WriteStream(descriptor).columns : undefined;
    },
    write(data) {
      writeWhole(descriptor, typeof data === 'string' ? Buffer.from(data) : data);
    },
  };
}

/** write(2) may take less than it was given, and a pipe that does not block may take nothing. */
function writeWhole(descriptor: number, bytes: Uint8Array): void {
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(descriptor, bytes, offset);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new ReaderGone();
      if (code !== 'EAGAIN') {
        throw new McblockError('file', `cannot write the output: ${reasonOf(error)}`, {
          cause: error,
        });
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}
