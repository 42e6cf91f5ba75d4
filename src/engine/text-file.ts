import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { errorOf, McblockError } from '../errors.ts';

const CHUNK_BYTES = 256 * 1024;
const MAX_LINE_CHARACTERS = 64 * 1024 * 1024;

/** A text file, or standard input for `-`. */
export class TextFile {
  /** The file's name in messages. */
  readonly name: string;
  readonly #descriptor: number;

  constructor(path: string) {
    this.name = path === '-' ? 'stdin' : path;
    try {
      this.#descriptor = path === '-' ? 0 : openSync(path, 'r');
    } catch (error) {
      throw errorOf('file', path, error);
    }
  }

  /** Its lines, without line ends. */
  *lines(): Generator<string> {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    for (const chunk of this.#chunks()) {
      const lines = `${rest}${decoder.write(chunk)}`.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE_CHARACTERS) {
        throw new McblockError('input', `${this.name}: line longer than 64 MiB`);
      }
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    rest += decoder.end();
    if (rest !== '') yield rest;
  }

  /** The whole content. Throws McblockError('input') if it exceeds the limit. */
  whole(limitBytes: number): Buffer {
    const chunks: Buffer[] = [];
    let size = 0;
    for (const chunk of this.#chunks()) {
      size += chunk.length;
      if (size > limitBytes) {
        throw new McblockError('input', `${this.name}: larger than ${limitBytes} bytes`);
      }
      chunks.push(Buffer.from(chunk));
    }
    return Buffer.concat(chunks);
  }

  close(): void {
    if (this.#descriptor !== 0) closeSync(this.#descriptor);
  }

  *#chunks(): Generator<Buffer> {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let size = this.#read(buffer); size > 0; size = this.#read(buffer)) {
      yield buffer.subarray(0, size);
    }
  }

  /** Reads, waiting for a pipe that is not ready. */
  #read(buffer: Buffer): number {
    for (;;) {
      try {
        return readSync(this.#descriptor, buffer);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EOF') return 0;
        if (code !== 'EAGAIN') {
          throw errorOf('file', this.name, error);
        }
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
  }
}
