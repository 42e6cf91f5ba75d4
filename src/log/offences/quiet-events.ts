import type { CountedEvents } from '../event-keys.ts';
import type { Calendar } from '../time/clock.ts';

/** More than most logs have in a day, in 2 MiB. */
const MAX_EVENTS = 131_072;

/**
 * The latest 131,072 events of a log that add no points, as their connection counts already. In a log
 * that begins later, in the midst of the connection, they would count.
 */
export class QuietEvents {
  /** Time and key of each, in a ring. */
  readonly #words = new Float64Array(MAX_EVENTS * 2);
  /** How many there were. */
  length = 0;

  push(time: number, key: number): void {
    const at = (this.length++ % MAX_EVENTS) * 2;
    this.#words[at] = time;
    this.#words[at + 1] = key;
  }

  /** Counts those from index `start` to `end`. */
  count(start: number, end: number, calendar: Calendar, events: CountedEvents): void {
    for (let index = Math.max(start, this.length - MAX_EVENTS); index < end; index++) {
      const at = (index % MAX_EVENTS) * 2;
      events.count(Math.max(0, calendar.next(this.#words[at] ?? 0)), this.#words[at + 1] ?? 0);
    }
  }

  clear(): void {
    this.length = 0;
  }
}
