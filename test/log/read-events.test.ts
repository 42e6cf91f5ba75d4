import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/log/event.ts';
import { readEvents } from '../../src/log/read-events.ts';
import { sourceOf } from './lines-of.ts';
import { tinyScanner } from './tiny-scanner.ts';

const NOW = Date.parse('2026-03-24T00:00:00Z') / 1000;
const fixture = (name: string): string =>
  readFileSync(new URL(`../../fixtures/logs/${name}`, import.meta.url), 'latin1');

async function eventsOf(
  log: string | Buffer,
  {
    once = false,
    chunkBytes = 1 << 20,
    onUnmatched = (_s: string, _m: string): void => undefined,
  } = {},
) {
  const source = sourceOf(log, NOW, chunkBytes);
  const events: Event[] = [];
  const options = { scanners: [tinyScanner], zone: 'UTC', points: new Map(), onUnmatched };
  for await (const batch of readEvents(
    once ? { ...source, totalBytes: undefined } : source,
    options,
  )) {
    events.push(...batch);
  }
  return events;
}

const NOTHING = {
  time: null,
  host: null,
  service: null,
  pid: null,
  event: null,
  offence: false,
  points: null,
  address: null,
  user: null,
  count: 1,
};

describe('events', () => {
  it('are one for each line', async () => {
    const gw = { ...NOTHING, host: 'gw' };
    expect(await eventsOf(`${fixture('bsd.log')}rubbish\n`)).toEqual([
      { ...gw, line: 1, time: '2026-03-19T23:48:18Z', pid: 812 },
      {
        ...gw,
        line: 2,
        time: '2026-03-19T23:48:19Z',
        service: 'sshd',
        pid: 4711,
        event: 'invalid-user',
        offence: true,
        points: 10,
        address: '5.149.104.7',
        user: 'admin',
      },
      {
        ...gw,
        line: 3,
        time: '2026-03-19T23:48:21Z',
        service: 'sshd',
        pid: 4711,
        event: 'failed-login',
        address: '5.149.104.7',
        user: 'admin',
        offence: true,
        points: 10,
      },
      { ...gw, line: 4, time: '2026-03-19T23:48:22Z' },
      {
        ...gw,
        line: 5,
        time: '2026-03-20T00:00:03Z',
        service: 'sshd',
        pid: 4715,
        event: 'failed-login',
        offence: true,
        points: 10,
        address: '5.149.105.9',
        user: 'root',
      },
      {
        ...gw,
        line: 6,
        time: '2026-03-20T07:02:11Z',
        host: 'b',
        service: 'sshd',
        pid: 4730,
        event: 'accepted',
        address: '73.162.44.18',
        user: 'alice',
      },
      { ...NOTHING, line: 7 },
    ]);
  });

  it('of repetitions are those of what they repeat', async () => {
    const events = await eventsOf(fixture('repeated.log'), { chunkBytes: 50 });
    expect(events.slice(0, 4)).toMatchObject([
      { pid: 4711, user: 'root', count: 1, points: 10 },
      { pid: 4711, user: 'root', count: 3, points: 30, event: 'failed-login' },
      { pid: 4711, user: 'root', count: 1, points: 10 },
      { pid: 4720, user: 'root', count: 5, points: 50, address: '5.149.105.9' },
    ]);
    expect(events.slice(5, 6)).toMatchObject([{ event: null, user: null, address: null }]);
  });

  it('have null if no rule matched, and report ambiguity', async () => {
    const head = 'Mar 19 23:48:18 gw sshd[1]: ';
    const unmatched: string[] = [];
    const events = await eventsOf(`${head}hello\n${head}Two faces\n`, {
      onUnmatched: (service, message) => unmatched.push(`${service}: ${message}`),
    });
    expect(events).toMatchObject([
      { service: 'sshd', event: null },
      { service: 'sshd', event: 'ambiguous', address: null, offence: false },
    ]);
    expect(unmatched).toEqual(['sshd: hello']);
  });

  it('replace invalid UTF-8 in users', async () => {
    const head = 'Mar 19 23:48:18 gw sshd[1]: Failed password for ';
    const tail = ' from 5.149.104.7 port 1 ssh2\n';
    const bytes = [Buffer.from(head), Buffer.from([0xff, 0xc3, 0xa9]), Buffer.from(tail)];
    expect(await eventsOf(Buffer.concat(bytes))).toMatchObject([{ user: '\ufffd\u00e9' }]);
  });

  it('have the year of the last line', async () => {
    const times = (await eventsOf(fixture('new-year.log'))).map(({ time }) => time?.slice(0, 10));
    expect(times).toEqual(['2025-12-30', '2026-01-01', '2025-12-31', '2026-01-02']);
  });

  it('of a source that can only be read once have the year of the first line', async () => {
    const log = `rubbish\n${fixture('new-year.log')}`;
    const times = (await eventsOf(log, { once: true })).map(({ time }) => time?.slice(0, 10));
    expect(times).toEqual([undefined, '2025-12-30', '2026-01-01', '2025-12-31', '2026-01-02']);
  });

  it('are the same in chunks of any size', async () => {
    const log = fixture('repeated.log') + fixture('bsd.log');
    const whole = await eventsOf(log);
    for (const chunkBytes of [1, 2, 13, 100])
      expect(await eventsOf(log, { chunkBytes })).toEqual(whole);
  });
});
