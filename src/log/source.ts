import { closeSync, createReadStream, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import type { Seconds } from '../blocklist/entry.ts';
import { errorOf, McblockError, reasonOf } from '../errors.ts';

const CHUNK_BYTES = 262_144;
/** Files do not have an earlier time unless the clock of their host was not set. */
const EARLIEST_FILE_TIME = Date.UTC(2000) / 1000;

/** A stream of bytes. A chunk is only valid until the next one is requested. */
export type Chunks = AsyncIterable<Buffer>;

/** A log, compressed or not. */
export interface Source {
  /** As given; `stdin` for standard input. */
  readonly name: string;
  /** When it was last written to; now if that is unknown. */
  readonly fileTime: Seconds;
  /** Undefined if it is not a regular file, which can only be read once. */
  readonly totalBytes: number | undefined;
  /** Its bytes from the beginning; calls `onBytes` with the number of bytes read so far. */
  readonly chunks: (onBytes?: (bytes: number) => void) => Chunks;
  readonly close: () => void;
}

/** Opens a file, or standard input for `-`. Throws McblockError('file') if it cannot be opened. */
export function openSource(name: string, now: Seconds): Source {
  if (name === '-') return streamSource('stdin', process.stdin, now);
  let file: number | undefined;
  try {
    file = openSync(name, 'r');
    const stat = fstatSync(file);
    if (stat.isFile()) return fileSource(name, file, fileTimeOf(stat, now), stat.size);
    if (stat.isDirectory()) {
      throw new McblockError('file', `${name} is a directory; name a log file`);
    }
    return streamSource(name, createReadStream(name, { fd: file }), now);
  } catch (cause) {
    if (file !== undefined) closeSync(file);
    throw cause instanceof McblockError ? cause : errorOf('file', name, cause);
  }
}

/** When a file was last written to; now if the clock was not set then. */
export function fileTimeOf({ mtimeMs }: Pick<Stats, 'mtimeMs'>, now: Seconds): Seconds {
  const fileTime = Math.floor(mtimeMs / 1000);
  return fileTime < EARLIEST_FILE_TIME ? now : fileTime;
}

/** A log in memory. */
export function memorySource(name: string, chunks: readonly Buffer[], fileTime: Seconds): Source {
  return {
    name,
    fileTime,
    totalBytes: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    chunks: (onBytes) => counted(chunks, onBytes),
    close: () => undefined,
  };
}

function fileSource(name: string, file: number, fileTime: Seconds, size: number): Source {
  return {
    name,
    fileTime,
    totalBytes: size,
    chunks: (onBytes) => counted(readFrom(name, file), onBytes),
    close: () => closeSync(file),
  };
}

function streamSource(name: string, stream: NodeJS.ReadableStream, now: Seconds): Source {
  return {
    name,
    fileTime: now,
    totalBytes: undefined,
    chunks: (onBytes) => counted(buffersOf(stream), onBytes),
    close: () => undefined,
  };
}

/**
 * Reads from the open file, which may have been renamed. Synchronous reads are faster, and there is
 * nothing else to do.
 */
function* readFrom(name: string, file: number): Generator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  for (let offset = 0; ; ) {
    const length = readAt(name, file, buffer, offset);
    if (length === 0) return;
    offset += length;
    yield buffer.subarray(0, length);
  }
}

function readAt(name: string, file: number, buffer: Buffer, offset: number): number {
  try {
    return readSync(file, buffer, 0, buffer.length, offset);
  } catch (cause) {
    throw new McblockError('file', `${name}: ${reasonOf(cause)} (at byte ${offset})`, {
      cause,
    });
  }
}

/** Without an encoding, a stream yields buffers only. */
async function* buffersOf(stream: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  for await (const chunk of stream) if (Buffer.isBuffer(chunk)) yield chunk;
}

async function* counted(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  onBytes: ((bytes: number) => void) | undefined,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    onBytes?.(bytes);
    yield chunk;
  }
}
