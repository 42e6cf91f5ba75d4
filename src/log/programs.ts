import type { Scanner } from '../../grammar/notation/scanner.ts';
import { asciiBytes, sameBytes } from './bytes.ts';

interface Program {
  readonly name: Uint8Array;
  readonly service: number;
}

/** Finds the scanner that reads a program's lines, by the bytes of its name. */
export class Programs {
  readonly #byHash = new Map<number, Program[]>();
  /** The program of the line before: mostly this one's too. */
  #last: Program = { name: new Uint8Array(0), service: -1 };
  /** The scanner that reads what programs without one of their own write (`"*"`), or -1. */
  readonly others: number;

  constructor(scanners: readonly Scanner[]) {
    this.others = scanners.findIndex(({ programs }) => programs.includes('*'));
    for (const [service, scanner] of scanners.entries()) {
      for (const program of scanner.programs) {
        const name = asciiBytes(program);
        const hash = hashOf(name, 0, name.length);
        this.#byHash.set(hash, [...(this.#byHash.get(hash) ?? []), { name, service }]);
      }
    }
  }

  /** The index of the scanner, or -1. Where two name the same program the first has it. */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (sameBytes(bytes, start, end, this.#last.name)) return this.#last.service;
    const programs = this.#byHash.get(hashOf(bytes, start, end));
    const found = programs?.find(({ name }) => sameBytes(bytes, start, end, name));
    if (found === undefined) return -1;
    this.#last = found;
    return found.service;
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  // The last bytes tell paths and their programs apart as well as all of them would.
  for (let i = Math.max(start, end - 16); i < end; i++) hash = (hash * 31 + (bytes[i] ?? 0)) | 0;
  return hash;
}
