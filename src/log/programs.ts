import type { Scanner } from '../../grammar/notation/scanner.ts';
import { asciiBytes, sameBytes, startsWith } from './bytes.ts';

const NOTHING = new Uint8Array(0);
const STAR = '*';

interface Program {
  readonly name: Uint8Array;
  readonly service: number;
}

const NO_PROGRAMS: readonly Program[] = [];

/** A name with a star, which matches any text. */
interface Pattern {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  readonly service: number;
}

/** Finds the scanner for a program by the bytes of its name. */
export class Programs {
  readonly #byHash = new Map<number, Program[]>();
  readonly #patterns: readonly Pattern[];
  /** The program of the line before, which is usually that of this one. */
  #last: Program = { name: NOTHING, service: -1 };
  /** The scanners for programs without one of their own (`"*"`). */
  readonly others: readonly number[];

  constructor(scanners: readonly Scanner[]) {
    this.others = scanners.flatMap(({ programs }, index) => (programs.includes(STAR) ? index : []));
    const patterns: Pattern[] = [];
    for (const [service, scanner] of scanners.entries()) {
      for (const program of scanner.programs) {
        if (program === STAR) continue;
        const star = program.indexOf(STAR);
        if (star >= 0) {
          const head = asciiBytes(program.slice(0, star));
          patterns.push({ head, tail: asciiBytes(program.slice(star + 1)), service });
          continue;
        }
        const name = asciiBytes(program);
        const hash = hashOf(name, 0, name.length);
        const sharing = this.#byHash.get(hash) ?? [];
        const isNamesake = scanner.service === program;
        if (isNamesake) sharing.unshift({ name, service });
        else sharing.push({ name, service });
        this.#byHash.set(hash, sharing);
      }
    }
    this.#patterns = patterns;
  }

  /**
   * The index of the scanner, or -1. A full name takes precedence over one with a star, the service
   * that is called like the program over others, and the first scanner over later ones.
   */
  find(bytes: Uint8Array, start: number, end: number): number {
    if (sameBytes(bytes, start, end, this.#last.name)) return this.#last.service;
    // A loop: what a closure captures is allocated at each call, for each line.
    for (const program of this.#byHash.get(hashOf(bytes, start, end)) ?? NO_PROGRAMS) {
      if (!sameBytes(bytes, start, end, program.name)) continue;
      this.#last = program;
      return program.service;
    }
    return this.#findPattern(bytes, start, end);
  }

  /** The scanners to try if `tried`, which `find` returned or is the first of others, does not match. */
  *next(bytes: Uint8Array, start: number, end: number, tried: number): Generator<number> {
    const [, ...sharing] = this.#byHash.get(hashOf(bytes, start, end)) ?? [];
    for (const { name, service } of sharing) {
      if (sameBytes(bytes, start, end, name)) yield service;
    }
    for (const other of this.others) if (other !== tried) yield other;
  }

  #findPattern(bytes: Uint8Array, start: number, end: number): number {
    for (const { head, tail, service } of this.#patterns) {
      const tailStart = end - tail.length;
      if (tailStart < start + head.length || !startsWith(bytes, start, end, head)) continue;
      if (sameBytes(bytes, tailStart, end, tail)) return service;
    }
    return -1;
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  // The last bytes distinguish paths as well as all of them would.
  for (let i = Math.max(start, end - 16); i < end; i++) hash = (hash * 31 + (bytes[i] ?? 0)) | 0;
  return hash;
}
