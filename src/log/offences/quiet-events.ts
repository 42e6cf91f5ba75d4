import { type CountedEvents, countEvents } from '../event-keys.ts';
import type { Calendar } from '../time/clock.ts';

/** More than most logs have in a day, in 2.75 MiB. */
const MAX_EVENTS = 131_072;

/**
 * The latest 131,072 events of a log that add no points, as their connection counts already. In a log
 * that begins later, in the midst of the connection, they would count.
 */
export class QuietEvents {
  /** Time and key of each, in a ring. */
  readonly #words = new Float64Array(MAX_EVENTS * 2);
  /** The row of the first offence after each. */
  readonly #rows = new Uint32Array(MAX_EVENTS);
  /** How many equal events each stands for. */
  readonly #counts = new Uint16Array(MAX_EVENTS);
  /** How many there were. */
  length = 0;

  /** @param row of the next offence */
  push(time: number, count: number, key: number, row: number): void {
    const index = this.length++ % MAX_EVENTS;
    this.#words[index * 2] = time;
    this.#words[index * 2 + 1] = key;
    this.#rows[index] = row;
    this.#counts[index] = count;
  }

  /** The index of the first event that comes after the offence in this row, from `start` on. */
  indexAfter(row: number, start: number): number {
    let index = Math.max(start, this.length - MAX_EVENTS);
    while (index < this.length && (this.#rows[index % MAX_EVENTS] ?? 0) <= row) index++;
    return index;
  }

  /** Counts those from index `start` to `end`. */
  count(start: number, end: number, calendar: Calendar, events: CountedEvents): void {
    for (let index = Math.max(start, this.length - MAX_EVENTS); index < end; index++) {
      const slot = index % MAX_EVENTS;
      const at = Math.max(0, calendar.next(this.#words[slot * 2] ?? 0));
      countEvents(events, at, this.#words[slot * 2 + 1] ?? 0, this.#counts[slot] ?? 1);
    }
  }

  clear(): void {
    this.length = 0;
  }
}
