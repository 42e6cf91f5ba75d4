import type { Seconds } from '../blocklist/entry.ts';
import type { Connection } from './connection.ts';
import { damagedRow } from './store-error.ts';
import type { Undo } from './undo.ts';

const KEY_BYTES = 8;
/** 8 MiB. */
const MAX_KEYS = 1_048_576;
/** Four hundred offences in each second. */
const MAX_BLOCK_KEYS = 131_072;

const FIND = 'SELECT keys FROM event WHERE block = ?';
const PUT = 'INSERT OR REPLACE INTO event VALUES (?, ?)';

/** The latest block that is too much: those after it have no more than so many bytes. */
const TOO_MUCH = `
SELECT max(block) FROM (
  SELECT block, sum(length(keys)) OVER (ORDER BY block DESC) AS bytes FROM event
) WHERE bytes > ?`;

/**
 * The keys of the events that were counted, in blocks of five minutes. A key is a whole number below
 * 2^53. The latest 1,048,576 are kept, of one block at most 131,072.
 */
export class EventTable {
  readonly #connection: Connection;
  readonly #undo: Undo;

  constructor(connection: Connection, undo: Undo) {
    this.#connection = connection;
    this.#undo = undo;
  }

  /** Ascending. */
  keys(block: number): Float64Array {
    const blob = this.#connection.row(FIND, block)?.[0];
    if (blob === undefined) return new Float64Array(0);
    if (!(blob instanceof Uint8Array) || blob.length % KEY_BYTES !== 0) {
      throw damagedRow('event', String(block), 'bad keys');
    }
    const keys = new Float64Array(blob.length / KEY_BYTES);
    new Uint8Array(keys.buffer).set(blob);
    return keys;
  }

  /** Replaces the keys of a block, which are ascending. */
  put(block: number, keys: Float64Array): void {
    const kept = keys.subarray(0, MAX_BLOCK_KEYS);
    this.#undo.eventsChange(block);
    this.#connection.run(PUT, block, new Uint8Array(kept.buffer, 0, kept.byteLength));
  }

  /** The latest block of events, no later than the given one. */
  latest(noLater: number): number | undefined {
    const latest = this.#connection.row(
      'SELECT max(block) FROM event WHERE block <= ?',
      noLater,
    )?.[0];
    return typeof latest === 'number' ? latest : undefined;
  }

  /** The earliest block of events. */
  earliest(): number | undefined {
    const earliest = this.#connection.row('SELECT min(block) FROM event')?.[0];
    return typeof earliest === 'number' ? earliest : undefined;
  }

  /** The time of the earliest pending offence: the same events may come again. */
  earliestPending(): Seconds | undefined {
    const at = this.#connection.row('SELECT min(at) FROM pending')?.[0];
    return typeof at === 'number' ? at : undefined;
  }

  /** Removes the blocks before the given one, and all but the latest keys. */
  prune(before: number): void {
    const tooMuch = this.#connection.row(TOO_MUCH, MAX_KEYS * KEY_BYTES)?.[0];
    const first = typeof tooMuch === 'number' ? Math.max(before, tooMuch + 1) : before;
    this.#undo.eventsPruned(first);
    this.#connection.run('DELETE FROM event WHERE block < ?', first);
  }
}
