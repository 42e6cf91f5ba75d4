import { McblockError } from '../../src/errors.ts';
import { CONNECTIONS, FINDINGS_END, LINES, SPARE_BYTES, WORDS } from '../fields/memory-map.ts';

const PAGE_BYTES = 65_536;
const PAGES = FINDINGS_END / PAGE_BYTES;

/** The memory that scanners read lines from; it never grows. */
export const memory = makeMemory();

/** All of it as bytes. */
export const memoryBytes = Buffer.from(memory.buffer);

/** The four words of the address found last, signed, and its family; for IPv4 only the first. */
export const words = new Int32Array(memory.buffer, WORDS, 5);

/** Longer lines are no message. */
export const LINE_LIMIT_BYTES = 65_536;

/** Where a line is put that lies elsewhere. */
const SINGLE_LINE = LINES;

/** Lines of a log lie from here to {@link LOG_END}. */
export const LOG_START = LINES + LINE_LIMIT_BYTES + SPARE_BYTES;
export const LOG_END = CONNECTIONS - SPARE_BYTES;

const { buffer } = memory;

/** The place of bytes[start, end) in the memory; they are put there if they lie elsewhere. */
export function placeOf(bytes: Uint8Array, start: number, end: number): number {
  if (bytes.buffer === buffer) return bytes.byteOffset + start;
  memoryBytes.set(bytes.subarray(start, end), SINGLE_LINE);
  return SINGLE_LINE;
}

function makeMemory(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  } catch (cause) {
    // Node sets 10 GiB of addresses aside, so that it need not test each, and uses none of them.
    throw new McblockError(
      'system',
      'the limit on virtual memory leaves no room to read logs: raise it (ulimit -v), or set NODE_OPTIONS=--disable-wasm-trap-handler, which needs little and is a bit slower',
      { cause },
    );
  }
}
