import type { Family } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Connection } from './connection.ts';

/** Seeks from each existing length to the next, however many entries there are. */
const SKIP_SCAN = `
WITH RECURSIVE run(length) AS (
  SELECT min(length) FROM entry WHERE family = ?
  UNION ALL
  SELECT (SELECT min(length) FROM entry WHERE family = ? AND length > run.length)
  FROM run WHERE run.length IS NOT NULL
)
SELECT length FROM run WHERE length IS NOT NULL`;

/**
 * The prefix lengths of the entries. A length is never removed: entries rarely are, and a length without
 * entries costs only a seek.
 */
export class Lengths {
  readonly #connection: Connection;
  readonly #known = new Map<Family, readonly number[]>();
  #version = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The lengths of a family, ascending. */
  of(family: Family): readonly number[] {
    const version = this.#connection.version();
    if (version !== this.#version) this.#known.clear();
    this.#version = version;
    let lengths = this.#known.get(family);
    if (!lengths) {
      lengths = this.#connection.column(SKIP_SCAN, family, family) as number[];
      this.#known.set(family, lengths);
    }
    return lengths;
  }

  /** To be called for each entry that this connection writes. Other writers change the version. */
  written({ family, length }: Prefix): void {
    const lengths = this.#known.get(family);
    if (lengths && !lengths.includes(length)) this.#known.delete(family);
  }
}
