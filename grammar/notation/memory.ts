import { McblockError } from '../../src/errors.ts';
import { LINES, MEMORY_BYTES, SPARE_BYTES, WORDS } from '../fields/memory-map.ts';

const PAGE_BYTES = 65_536;
const PAGES = MEMORY_BYTES / PAGE_BYTES;

/** The memory from which scanners read lines; it never grows. */
export const memory = makeMemory();

/** All of it, as bytes. */
export const memoryBytes = Buffer.from(memory.buffer);

/** The four words of the address found last, signed, and its family. */
export const words = new Int32Array(memory.buffer, WORDS, 5);

/** Longer lines hold no message. */
export const LINE_LIMIT_BYTES = 65_536;

/** Where a line is copied to that is elsewhere. */
const SINGLE_LINE = LINES;

/** The lines of a log are stored from here to {@link LOG_END}. */
export const LOG_START = LINES + LINE_LIMIT_BYTES + SPARE_BYTES;
export const LOG_END = MEMORY_BYTES - SPARE_BYTES;

const { buffer } = memory;

/** The offset of bytes[start, end) in the memory, to which they are copied if necessary. */
export function offsetInMemory(bytes: Uint8Array, start: number, end: number): number {
  if (bytes === memoryBytes) return start;
  if (bytes.buffer === buffer) return bytes.byteOffset + start;
  memoryBytes.set(bytes.subarray(start, end), SINGLE_LINE);
  return SINGLE_LINE;
}

function makeMemory(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  } catch (cause) {
    // Node reserves 10 GiB of address space for it, in order to check no access.
    throw new McblockError(
      'system',
      'the limit on virtual memory leaves no room to read logs: raise it (ulimit -v), or set NODE_OPTIONS=--disable-wasm-trap-handler, which needs little of it and is slightly slower',
      { cause },
    );
  }
}
