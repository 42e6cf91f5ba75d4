import { addressHex } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';

/** Rows of one table that differ only in their networks. */
interface AlikeRows<Cell> {
  readonly first: readonly [family: number, length: number];
  readonly rest: readonly Cell[];
  /** In hexadecimal. */
  readonly networks: string[];
}

const MAX_ROWS = 2000;

/**
 * Rows waiting to be inserted by few statements. One statement for each row takes three times as long,
 * mostly for binding values that are the same in all.
 */
export class WaitingRows<Cell> {
  /** By table, in the order of first use, then by family and length. */
  readonly #tables = new Map<string, Map<number, AlikeRows<Cell>>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether the waiting rows must be inserted before this one. */
  mustWait(table: string, prefix: Prefix, rest: readonly Cell[]): boolean {
    if (this.#size >= MAX_ROWS) return true;
    const alike = this.#tables.get(table)?.get(keyOfLength(prefix));
    return alike !== undefined && !alike.rest.every((cell, index) => cell === rest[index]);
  }

  /** @param rest the columns after family, length and network */
  add(table: string, prefix: Prefix, rest: readonly Cell[]): void {
    let lengths = this.#tables.get(table);
    if (lengths === undefined)
      this.#tables.set(table, (lengths = new Map<number, AlikeRows<Cell>>()));
    const key = keyOfLength(prefix);
    const alike = lengths.get(key);
    const network = addressHex(prefix);
    if (alike !== undefined) alike.networks.push(network);
    else {
      lengths.set(key, { first: [prefix.family, prefix.length], rest, networks: [network] });
    }
    this.#size++;
  }

  /** Removes the rows and returns the statements that insert them. */
  *take(): Generator<readonly [sql: string, ...values: (Cell | number | string)[]]> {
    this.#size = 0;
    for (const [table, lengths] of this.#tables) {
      const all = [...lengths.values()];
      lengths.clear();
      for (const { first, rest, networks } of all) {
        const [network] = networks;
        const isOne = networks.length === 1 && network !== undefined;
        const values = `?, ?, unhex(${isOne ? '?' : 'value'})${', ?'.repeat(rest.length)}`;
        yield isOne
          ? [`INSERT INTO ${table} VALUES (${values})`, ...first, network, ...rest]
          : [
              `INSERT INTO ${table} SELECT ${values} FROM json_each(?)`,
              ...first,
              ...rest,
              JSON.stringify(networks),
            ];
      }
    }
  }

  clear(): void {
    this.#size = 0;
    for (const lengths of this.#tables.values()) lengths.clear();
  }
}

function keyOfLength({ family, length }: Prefix): number {
  return family * 256 + length;
}
