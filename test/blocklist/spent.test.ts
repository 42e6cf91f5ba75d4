import { describe, expect, it } from 'vitest';
import { SpentOffences } from '../../src/blocklist/spent.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { offenceOf } from '../support/offence.ts';

const [ONE, OTHER] = ['192.0.2.7', '192.0.2.8'].map((text) => parsePrefix(text));
const DAY = 86_400;

function offence(at: number, address = ONE, user?: number) {
  return offenceOf({ at, points: 10, user, ...(address && { address }) });
}

describe('SpentOffences', () => {
  it('keeps what led to an activation, and its hits within the window', () => {
    const spent = new SpentOffences(300);
    spent.activated([offence(1), offence(2, OTHER)], 2, DAY);
    spent.hit(offence(DAY + 1), DAY + 1, 2, DAY);
    spent.hit(offence(DAY + 2), DAY + 2, 2, DAY);
    expect(spent.take()).toEqual([offence(1), offence(DAY + 1), offence(2, OTHER)]);
    expect(spent.take()).toEqual([]);
  });

  it('keeps only what is about the latest activation', () => {
    const spent = new SpentOffences(300);
    spent.activated([offence(1)], 1, DAY);
    spent.activated([offence(90 * DAY)], 90 * DAY, DAY);
    expect(spent.take()).toEqual([offence(90 * DAY)]);
  });

  it('adds up from the fourth of an address on, as far as more points change something', () => {
    const spent = new SpentOffences(300);
    const told = Array.from({ length: 5000 }, (_, at) => offence(at, ONE, at % 2 === 0 ? 5 : 6));
    spent.activated(told.slice(0, 3), 2, DAY);
    for (const one of told.slice(3)) spent.hit(one, one.at, 2, DAY);
    const kept = spent.take();
    expect(kept.slice(0, 3)).toEqual(told.slice(0, 3));
    expect(kept.slice(3)).toEqual([{ ...offence(29), points: 270, count: 27 }]);
  });
});
