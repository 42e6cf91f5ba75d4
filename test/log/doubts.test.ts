import { describe, expect, it } from 'vitest';
import { readOffences } from '../../src/log/read-offences.ts';
import { sourceOf } from './lines-of.ts';
import { tinyScanner } from './tiny-scanner.ts';

const FAILED = 'gw sshd[1]: Failed password for root from 5.149.104.7 port 50112 ssh2\n';
const FILE_TIME = Date.parse('2026-11-22T12:00:00Z') / 1000;

async function read(heads: readonly string[], options: object = {}) {
  const log = heads.map((head) => `${head} ${FAILED}`).join('');
  const { warnings, span } = await readOffences(sourceOf(log, FILE_TIME), {
    scanners: [tinyScanner],
    zone: 'UTC',
    points: new Map(),
    known: () => [],
    ...options,
  });
  return { warnings, first: span && new Date(span.first * 1000).toISOString().slice(0, 10) };
}

describe('a log without years', () => {
  it.each(['Jan  1 01:00:07', 'Jan  1 00:00:12', 'Apr  1 00:00:00'])(
    'is of one year if a host began at %s',
    async (boot) => {
      const heads = ['Nov 20 10:00:00', boot, 'Nov 22 10:00:00'];
      expect(await read(heads)).toEqual({ warnings: [], first: '2026-11-20' });
    },
  );

  it('that spans more than a year gets a warning', async () => {
    const heads = ['Nov 20 10:00:00', 'Mar  1 00:00:00', 'Aug  1 00:00:00', 'Nov 22 10:00:00'];
    expect(await read(heads)).toEqual({
      warnings: ['test.log: its lines have no year, and seem to span 2025-11-20 to 2026-11-22'],
      first: '2025-11-20',
    });
  });

  it('that spans a year gets none', async () => {
    const heads = ['Nov 22 11:00:00', 'Mar  1 00:00:00', 'Aug  1 00:00:00', 'Nov 22 10:00:00'];
    expect((await read(heads)).warnings).toEqual([]);
  });
});

describe('a log with lines later than its file', () => {
  it.each([
    ['with a year', ['2026-11-23T13:00:00Z', '2026-11-22T10:00:00Z'], {}],
    ['without one', ['Nov 23 13:00:00', 'Nov 22 10:00:00'], {}],
    ['with the year of the owner', ['Nov 22 10:00:00', 'Nov 23 13:00:00'], { year: 2026 }],
  ])('%s gets a warning', async (_, heads, options) => {
    expect((await read(heads, options)).warnings).toEqual([
      'test.log: it was last written on 2026-11-22, but has lines up to 2026-11-23; was a clock wrong?',
    ]);
  });

  it('by less than a day gets none', async () => {
    expect((await read(['2026-11-23T11:00:00Z'])).warnings).toEqual([]);
  });

  it('and with years gets none for its span', async () => {
    expect((await read(['2020-11-23T11:00:00Z', '2026-11-22T11:00:00Z'])).warnings).toEqual([]);
  });
});
