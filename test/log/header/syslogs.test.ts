import { describe, expect, it } from 'vitest';
import { grammars } from '#grammars';
import { instantiate } from '../../../grammar/notation/instance.ts';
import type { Event } from '../../../src/log/event.ts';
import { readEvents } from '../../../src/log/read-events.ts';
import { readOffences } from '../../../src/log/read-offences.ts';
import { sourceOf } from '../lines-of.ts';

const options = { scanners: grammars.map(instantiate), zone: 'UTC', points: new Map() };
const NOW = Date.parse('2026-11-29T12:00:00Z') / 1000;
const FAILED = 'Failed password for root from 203.0.113.9 port 4000 ssh2';

async function eventsOf(log: string | Buffer): Promise<Event[]> {
  const events: Event[] = [];
  for await (const batch of readEvents(sourceOf(log, NOW), options)) events.push(...batch);
  return events;
}

async function warningsOf(log: string, service?: string): Promise<readonly string[]> {
  const known = { known: () => [], ...(service === undefined ? {} : { service }) };
  return (await readOffences(sourceOf(log, NOW), { ...options, ...known })).warnings;
}

describe('a line', () => {
  it.each([
    [
      'of RFC 5424 without priority and version',
      "2022-02-24T21:00:42.021457+00:00 evse dropbear 6052 - - Bad password attempt for 'root' from 203.0.113.8:50532",
      ['2022-02-24T21:00:42Z', 'evse', 'dropbear', 6052, '203.0.113.8'],
    ],
    [
      'with two spaces after the time',
      `2018-04-23 11:27:31.379373-0500  localhost sshd[5049]: ${FAILED}`,
      ['2018-04-23T16:27:31Z', 'localhost', 'sshd', 5049, '203.0.113.9'],
    ],
    [
      'of socklog',
      '2015-05-27T04:31:28.10040 auth.info: May 27 04:31:28 sshd[30993]: Invalid user admin from 203.0.113.10',
      ['2015-05-27T04:31:28Z', null, 'sshd', 30_993, '203.0.113.10'],
    ],
    [
      'of socklog, whose second time is local',
      `2015-05-27_04:31:28.10040 auth.info: May 27 06:31:28 sshd[30993]: ${FAILED}`,
      ['2015-05-27T04:31:28Z', null, 'sshd', 30_993, '203.0.113.9'],
    ],
    [
      'of socklog without the second time',
      `2015-05-27T04:31:28.10040 auth.info: sshd[30993]: ${FAILED}`,
      ['2015-05-27T04:31:28Z', null, 'sshd', 30_993, '203.0.113.9'],
    ],
    [
      'of socklog without the first time',
      `auth.info: May 27 04:31:28 sshd[30993]: ${FAILED}`,
      ['2026-05-27T04:31:28Z', null, 'sshd', 30_993, '203.0.113.9'],
    ],
    [
      'of socklog with TAI64N',
      `@400000005565479a05f5e100 auth.info: May 27 04:31:28 sshd[30993]: ${FAILED}`,
      ['2015-05-27T04:26:56Z', null, 'sshd', 30_993, '203.0.113.9'],
    ],
    [
      'with TAI64N',
      `@400000005565479a05f5e100 gw sshd[30993]: ${FAILED}`,
      ['2015-05-27T04:26:56Z', 'gw', 'sshd', 30_993, '203.0.113.9'],
    ],
    [
      'with a process but no colon',
      '2020-05-29T11:28:56.058908+02:00 bastion sshd[20974] error: PAM: Authentication error for root from 203.0.113.11',
      ['2020-05-29T09:28:56Z', 'bastion', 'sshd', 20_974, '203.0.113.11'],
    ],
    [
      'of journalctl -o short-unix',
      `1795341600.123456 gw sshd[1]: ${FAILED}`,
      ['2026-11-22T10:00:00Z', 'gw', 'sshd', 1, '203.0.113.9'],
    ],
    [
      'with a byte order mark',
      `\u{feff}Nov 22 10:00:00 gw sshd[1]: ${FAILED}`,
      ['2026-11-22T10:00:00Z', 'gw', 'sshd', 1, '203.0.113.9'],
    ],
    [
      'with trailing blanks',
      `Nov 22 10:00:00 gw sshd[1]: ${FAILED}  `,
      ['2026-11-22T10:00:00Z', 'gw', 'sshd', 1, '203.0.113.9'],
    ],
    [
      'with two spaces in every place',
      `Nov  2  10:00:00  gw  sshd[1]:  ${FAILED}`,
      ['2026-11-02T10:00:00Z', 'gw', 'sshd', 1, '203.0.113.9'],
    ],
    [
      'with its host twice',
      `Nov 22 10:00:00 gw gw sshd[1]: ${FAILED}`,
      ['2026-11-22T10:00:00Z', 'gw', 'sshd', 1, '203.0.113.9'],
    ],
  ])('%s is read', async (_, line, [time, host, service, pid, address]) => {
    const [event, more] = await eventsOf(`${line}\n`);
    expect(event).toMatchObject({ time, host, service, pid, address, offence: true });
    expect(more).toBeUndefined();
  });

  it.each([
    ['of RFC 5424 without its data', `2022-02-24T21:00:42Z gw sshd 1 - ${FAILED}`],
    ['of RFC 5424 with a word for the process', `2022-02-24T21:00:42Z gw sshd x - - ${FAILED}`],
    ['of RFC 5424 without a zone', `2022-02-24T21:00:42 gw sshd 1 - - ${FAILED}`],
    ['that names two hosts', `Nov 22 10:00:00 gw gw2 sshd[1]: ${FAILED}`],
    ['that names a host three times', `Nov 22 10:00:00 gw gw gw sshd[1]: ${FAILED}`],
    ['with a selector that is none', `2015-05-27T04:31:28.1 auth.x: sshd[1]: ${FAILED}`],
    ['with a short TAI64N label', `@400000005565479a05f5e10 gw sshd[1]: ${FAILED}`],
    ['with a TAI64N label before 1970', `@000000005565479a05f5e100 gw sshd[1]: ${FAILED}`],
    ['with milliseconds after the epoch', `1795341600.123 gw sshd[1]: ${FAILED}`],
    ['with a byte order mark within', `Nov 22 10:00:00 \u{feff}gw gw sshd[1]: ${FAILED}`],
  ])('%s is not', async (_, line) => {
    expect(await eventsOf(`${line}\n`)).toMatchObject([{ service: null, address: null }]);
  });

  it('of filterlog needs no colon', async () => {
    const line =
      'Sep  9 22:34:20 pfSense filterlog[66047] 280,,,1471783080,igb1,match,block,in,4,0x0,,52,5929,0,DF,6,tcp,60,203.0.113.12,198.51.100.2,41000,22,0,S,1,,64240,,mss';
    expect(await eventsOf(`${line}\n`)).toMatchObject([
      { time: '2026-09-09T22:34:20Z', host: 'pfSense', pid: 66_047 },
    ]);
    expect(await warningsOf(`${line}\n`)).toEqual([]);
  });

  it('may stand after a byte order mark in a file of a service', async () => {
    const line = '\u{feff}192.0.2.7 - me [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 401 381\n';
    expect(await eventsOf(line)).toMatchObject([{ service: 'http-access', address: '192.0.2.7' }]);
  });
});

describe('a log', () => {
  const line = `Nov 22 10:00:00 gw sshd[1]: ${FAILED}\n`;

  it('of which no line is read gets a warning that shows one', async () => {
    expect(await warningsOf('\n  \n10:00 \u001b[31mgw\u202e sshd\n')).toEqual([
      'test.log: no line has the header of a log line; the first is "10:00 ?[31mgw? sshd"; if a service writes this file itself, name it with --service',
    ]);
  });

  it('of which hardly any line is read gets one too', async () => {
    const [warning, more] = await warningsOf(`${'22.11. sshd\n'.repeat(91)}${line.repeat(9)}`);
    expect(warning).toContain(
      'only 9 of 100 lines have the header of a log line; the first without is "22.11. sshd"',
    );
    expect(more).toBeUndefined();
  });

  it('of which no line names a program gets one too', async () => {
    const [warning] = await warningsOf('Nov 22 10:00:00 gw sshd_1 x\n');
    expect(warning).toContain('"Nov 22 10:00:00 gw sshd_1 x"');
  });

  it('that is not of the service it is said to be is not advised to name one', async () => {
    expect(await warningsOf('one\n', 'nginx')).toEqual([
      'test.log: no line has a time as nginx writes it; the first is "one"',
    ]);
  });

  it('shows no more than the beginning of a line', async () => {
    const [warning = ''] = await warningsOf(`${'x'.repeat(5000)}\n`);
    expect(warning).toContain(`"${'x'.repeat(100)}..."`);
  });

  it.each([
    ['a tenth of its lines', `${'-\n'.repeat(9)}${line}`],
    ['all of its lines', line],
    ['none of its lines, as it has none', ''],
    ['none of its lines, as they are blank', '\n\n'],
  ])('of which %s is read gets none', async (_, log) => {
    expect(await warningsOf(log)).toEqual([]);
  });
});
