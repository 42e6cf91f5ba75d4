import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CountedEvents, countEvents, EventKeys } from '../../src/log/event-keys.ts';
import { emptyLine, type Line } from '../../src/log/line.ts';

interface Written {
  readonly second: number;
  readonly fraction?: string;
  readonly program?: string;
  readonly pid?: number;
  readonly message: string;
  readonly count?: number;
}

/** A line as the reader would pass it on. */
function lineOf({
  second,
  fraction,
  program = 'sshd',
  pid = 7,
  message,
  count = 1,
}: Written): Line {
  const time = `${second}${fraction ?? ''} `;
  const bytes = Buffer.from(`${time}${program} ${message}`, 'latin1');
  const line = emptyLine();
  const messageStart = time.length + program.length + 1;
  Object.assign(line.header, {
    isFractional: fraction !== undefined,
    programStart: time.length,
    programEnd: messageStart - 1,
    messageStart,
  });
  return Object.assign(line, {
    bytes,
    time: second,
    pid,
    count,
    messageStart,
    messageEnd: bytes.length,
  });
}

/** All events ever counted. */
class Everything implements CountedEvents {
  readonly from = undefined;
  readonly #keys = new Set<string>();

  count(at: number, key: number): boolean {
    const text = `${at} ${key}`;
    if (this.#keys.has(text)) return false;
    this.#keys.add(text);
    return true;
  }
}

/** How many events of a log are new. */
function read(log: readonly Written[], counted: CountedEvents): number {
  const keys = new EventKeys();
  return log.reduce((sum, written) => {
    const line = lineOf(written);
    const key = keys.take(line);
    if (key < 0) return sum;
    return sum + countEvents(counted, line.time, keys.next(line, key), line.count);
  }, 0);
}

const written = fc.record({
  second: fc.nat({ max: 3 }),
  program: fc.constantFrom('sshd', 'sshd-session', 'su'),
  pid: fc.constantFrom(-1, 7, 8),
  message: fc.constantFrom(
    '',
    'a',
    'b',
    'failed for root',
    'failed for toor',
    'failed for root from A',
  ),
  count: fc.constantFrom(1, 1, 1, 3),
});

describe('the keys of events', () => {
  it('count equal events as often as the log that holds most of them', () => {
    fc.assert(
      fc.property(fc.array(fc.array(written, { maxLength: 20 }), { maxLength: 4 }), (drawn) => {
        const counted = new Everything();
        const most = new Map<string, number>();
        let total = 0;
        for (const unsorted of drawn) {
          const log = unsorted.toSorted((p, q) => p.second - q.second);
          total += read(log, counted);
          const here = new Map<string, number>();
          for (const { count, ...event } of log) {
            const key = JSON.stringify(event);
            here.set(key, (here.get(key) ?? 0) + count);
          }
          for (const [key, count] of here) most.set(key, Math.max(most.get(key) ?? 0, count));
        }
        expect(total).toBe([...most.values()].reduce((sum, count) => sum + count, 0));
      }),
    );
  });

  it('are those of one log, where a stream goes back in time', () => {
    const log = [1, 1, 2, 3].map((second) => ({ second, message: 'failed' }));
    expect(read([...log, ...log], new Everything())).toBe(4);
  });

  it('take lines for one that are equal to the last digit of a fraction', () => {
    const log = ['.1', '.1', '.25', '.1', '.2'].map((fraction) => ({
      second: 1,
      fraction,
      message: 'failed',
    }));
    expect(read(log, new Everything())).toBe(3);
  });
});
