/** Stands before and after a text: no text contains it. */
export const BOUNDARY = 0;

/** A text to find, and the number of the rule that it belongs to. */
export interface Pattern {
  /** As `plain` has them; the first and the last may be a BOUNDARY. */
  readonly bytes: Uint8Array;
  readonly rule: number;
}

/** The bytes of all patterns together. */
export const MAX_PATTERN_BYTES = 60_000;

/**
 * Finds any number of patterns in one pass over a text: the automaton of Aho and Corasick ("Efficient
 * string matching", 1975), as a table with a column for each byte that occurs in a pattern.
 */
export class PatternFinder {
  /** The column of each byte of a text; 0: it is in no pattern. */
  readonly #columns = new Uint8Array(256);
  readonly #width: number;
  #boundary = 0;
  readonly #next: Uint16Array;
  /** By state: the rules of the patterns that end there, in order. */
  readonly #ends: (readonly number[] | undefined)[] = [];

  /** @param plain what each byte of a text is compared as */
  constructor(patterns: readonly Pattern[], plain: Uint8Array) {
    const used = [...new Set(patterns.flatMap(({ bytes }) => [...bytes]))];
    const columns = new Map(used.map((byte, index) => [byte, index + 1]));
    this.#width = used.length + 1;
    const size = patterns.reduce((sum, { bytes }) => sum + bytes.length, 1);
    this.#next = new Uint16Array(size * this.#width);
    this.#makeTrie(patterns, columns);
    this.#followFailures();
    this.#boundary = columns.get(BOUNDARY) ?? 0;
    for (let byte = 0; byte < 256; byte++) {
      this.#columns[byte] = byte === BOUNDARY ? 0 : (columns.get(plain[byte] ?? 0) ?? 0);
    }
  }

  /** The first rule below `best` that has a pattern in the text and is accepted; otherwise `best`. */
  find(
    text: Uint8Array,
    start: number,
    end: number,
    best: number,
    accepts: (rule: number) => boolean,
  ): number {
    const [columns, width, next, ends] = [this.#columns, this.#width, this.#next, this.#ends];
    let found = best;
    let state = next[this.#boundary] ?? 0;
    for (let at = start; at <= end; at++) {
      const column = at === end ? this.#boundary : (columns[text[at] ?? 0] ?? 0);
      state = next[state * width + column] ?? 0;
      const rules = state === 0 ? undefined : ends[state];
      if (rules === undefined) continue;
      for (const rule of rules) {
        if (rule >= found) break;
        if (accepts(rule)) found = rule;
      }
    }
    return found;
  }

  #makeTrie(patterns: readonly Pattern[], columns: ReadonlyMap<number, number>): void {
    let states = 1;
    for (const { bytes, rule } of patterns) {
      let state = 0;
      for (const byte of bytes) {
        const at = state * this.#width + (columns.get(byte) ?? 0);
        this.#next[at] ||= states++;
        state = this.#next[at] ?? 0;
      }
      this.#ends[state] = merged(this.#ends[state], [rule]);
    }
  }

  /** Fills the table: where a pattern does not go on, its longest end that begins another one does. */
  #followFailures(): void {
    const failures = new Map<number, number>([[0, 0]]);
    // In the order of their length, so that the shorter ones are whole.
    for (const [state, failure] of failures) {
      if (state !== 0) this.#ends[state] = merged(this.#ends[state], this.#ends[failure]);
      for (let column = 1; column < this.#width; column++) {
        const at = state * this.#width + column;
        const other = state === 0 ? 0 : (this.#next[failure * this.#width + column] ?? 0);
        const after = this.#next[at] ?? 0;
        if (after === 0) this.#next[at] = other;
        else failures.set(after, other);
      }
    }
  }
}

function merged(
  rules: readonly number[] | undefined,
  others: readonly number[] | undefined,
): readonly number[] | undefined {
  if (rules === undefined || others === undefined) return rules ?? others;
  return [...new Set([...rules, ...others])].toSorted((p, q) => p - q);
}
