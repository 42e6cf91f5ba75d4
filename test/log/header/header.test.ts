import { describe, expect, it } from 'vitest';
import { emptyHeader } from '../../../src/log/header/header.ts';
import { readHeader } from '../../../src/log/header/read-header.ts';

/** Reads one line; what lies around it in the bytes must not matter. */
function read(line: string) {
  const bytes = Buffer.from(`9]: x\n${line}9]: y`, 'latin1');
  const end = bytes.length - 5;
  const header = emptyHeader();
  if (!readHeader(bytes, 6, end, header)) return undefined;
  const text = (from: number, to: number) => bytes.toString('latin1', from, to);
  return {
    month: header.month,
    day: header.day,
    second: header.second,
    host: text(header.hostStart, header.hostEnd),
    program: header.programStart < 0 ? undefined : text(header.programStart, header.programEnd),
    pid: header.pid,
    message: text(header.messageStart, end),
  };
}

const SSHD = {
  month: 2,
  day: 19,
  second: 23 * 3600 + 48 * 60 + 18,
  host: 'gw',
  program: 'sshd',
  pid: 1,
  message: 'hello',
};

describe('the header of a line', () => {
  it.each([
    ['plain', 'Mar 19 23:48:18 gw sshd[1]: hello', SSHD],
    ['FreeBSD -v', 'Mar 19 23:48:18 <4.6> gw sshd[1]: hello', SSHD],
    ['FreeBSD -vv', 'Mar 19 23:48:18 <auth.info> gw sshd[1]: hello', SSHD],
    ['FreeBSD -vv without a space', 'Mar 19 23:48:18 <auth.info>gw sshd[1]: hello', SSHD],
    ['priority first', '<38>Mar 19 23:48:18 gw sshd[1]: hello', SSHD],
    ['priority first, with a space', '<auth.info> Mar 19 23:48:18 gw sshd[1]: hello', SSHD],
    ['a small day', 'Mar  9 23:48:18 gw sshd[1]: hello', { ...SSHD, day: 9 }],
    ['a small day with a zero', 'Mar 09 23:48:18 gw sshd[1]: hello', { ...SSHD, day: 9 }],
    ['a leap day', 'Feb 29 23:48:18 gw sshd[1]: hello', { ...SSHD, month: 1, day: 29 }],
    ['a leap second', 'Mar 19 23:48:60 gw sshd[1]: hello', { ...SSHD, second: 85_739 }],
    [
      'a long host',
      'Mar 19 23:48:18 a.example.net sshd[1]: hello',
      { ...SSHD, host: 'a.example.net' },
    ],
    [
      'a host that is an address',
      'Mar 19 23:48:18 2001:db8::1 sshd[1]: hello',
      { ...SSHD, host: '2001:db8::1' },
    ],
    ['a pid without a colon', 'Mar 19 23:48:18 gw sshd[1] hello', SSHD],
    ['spaces', 'Mar  19  23:48:18   gw   sshd[1]:   hello', SSHD],
    ['spaces and no host', 'Mar 19 23:48:18  sshd[1]: hello', { ...SSHD, host: '' }],
    ['a host twice', 'Mar 19 23:48:18 gw gw sshd[1]: hello', SSHD],
    ['no pid', 'Mar 19 23:48:18 gw sudo: hello', { ...SSHD, program: 'sudo', pid: -1 }],
    [
      'a path',
      'Mar 19 23:48:18 gw /usr/sbin/sshd[1]: hello',
      { ...SSHD, program: '/usr/sbin/sshd' },
    ],
    [
      'a name with a dash',
      'Mar 19 23:48:18 gw sshd-session[1]: hello',
      { ...SSHD, program: 'sshd-session' },
    ],
    ['no space before the message', 'Mar 19 23:48:18 gw sshd[1]:hello', SSHD],
    ['an empty message', 'Mar 19 23:48:18 gw sshd[1]:', { ...SSHD, message: '' }],
    ['an empty message after a space', 'Mar 19 23:48:18 gw sshd[1]: ', { ...SSHD, message: '' }],
    ['the largest pid', 'Mar 19 23:48:18 gw sshd[4194304]: hello', { ...SSHD, pid: 4_194_304 }],
    ['no host', 'Mar 19 23:48:18 sshd[1]: hello', { ...SSHD, host: '' }],
    ['no host and no process', 'Mar 19 23:48:18 sshd: hello', { ...SSHD, host: '', pid: -1 }],
    [
      'a known name in the message',
      'Mar 19 23:48:18 sshd[1]: sshd[2]: hello',
      { ...SSHD, host: '', message: 'sshd[2]: hello' },
    ],
    ['no message, no host', 'Mar 19 23:48:18 sshd[1]:', { ...SSHD, host: '', message: '' }],
    ['BusyBox', 'Mar 19 23:48:18 gw auth.info sshd[1]: hello', SSHD],
    ['Solaris', 'Mar 19 23:48:18 gw sshd[1]: [ID 800047 auth.info] hello', SSHD],
    [
      'Solaris without an end',
      'Mar 19 23:48:18 gw sshd[1]: [ID 800047 hello',
      { ...SSHD, message: '[ID 800047 hello' },
    ],
    [
      'something else in brackets',
      'Mar 19 23:48:18 gw sshd[1]: [ID x auth.info] hello',
      { ...SSHD, message: '[ID x auth.info] hello' },
    ],
    ['metalog', 'Mar 19 23:48:18 [sshd] hello', { ...SSHD, host: '', pid: -1 }],
    ['metalog with a colon', 'Mar 19 23:48:18 [sshd]: hello', { ...SSHD, host: '', pid: -1 }],
    ['a small day with one space', 'Mar 9 23:48:18 gw sshd[1]: hello', { ...SSHD, day: 9 }],
    ['a fraction', 'Mar 19 23:48:18.123 gw sshd[1]: hello', SSHD],
    ['a fraction, priority first', '<38>Mar 19 23:48:18.123456 gw sshd[1]: hello', SSHD],
    ['December', 'Dec 31 00:00:00 gw sshd[1]: hello', { ...SSHD, month: 11, day: 31, second: 0 }],
  ])('%s', (_, line, expected) => {
    expect(read(line)).toEqual(expected);
  });

  it.each([
    [
      'a repetition',
      'Mar 19 23:48:18 gw last message repeated 3 times',
      'last message repeated 3 times',
    ],
    ['a pid that is no number', 'Mar 19 23:48:18 gw sshd[x]: hello', 'sshd[x]: hello'],
    [
      'a pid that is too large',
      'Mar 19 23:48:18 gw sshd[99999999999]: hello',
      'sshd[99999999999]: hello',
    ],
    ['an empty pid', 'Mar 19 23:48:18 gw sshd[]: hello', 'sshd[]: hello'],
    ['a pid without an end', 'Mar 19 23:48:18 gw sshd[1', 'sshd[1'],
    ['a pid at the end of the line', 'Mar 19 23:48:18 gw sshd[1]', 'sshd[1]'],
    ['no name', 'Mar 19 23:48:18 gw : hello', ': hello'],
    ['neither host nor process', 'Mar 19 23:48:18 sshd[x]: sshd[2]: hello', 'sshd[2]: hello'],
    ['a word with two colons', 'Mar 19 23:48:18 sshd:x: sshd[2]: hello', 'sshd[2]: hello'],
    ['a selector alone', 'Mar 19 23:48:18 gw auth.info', 'auth.info'],
    [
      'two selectors',
      'Mar 19 23:48:18 gw auth.info auth.info sshd[1]: hello',
      'auth.info auth.info sshd[1]: hello',
    ],
    ['a host alone', 'Mar 19 23:48:18 gw', ''],
    ['brackets behind the host', 'Mar 19 23:48:18 gw [sshd] hello', '[sshd] hello'],
    ['brackets around nothing', 'Mar 19 23:48:18 [] hello', 'hello'],
    ['brackets around two words', 'Mar 19 23:48:18 [a sshd] hello', 'sshd] hello'],
    ['a bracket and what follows it', 'Mar 19 23:48:18 [sshd]x hello', 'hello'],
    [
      'a priority without an end',
      'Mar 19 23:48:18 <auth.info gw sshd[1]: hello',
      'gw sshd[1]: hello',
    ],
  ])('names no program: %s', (_, line, message) => {
    expect(read(line)).toMatchObject({ program: undefined, pid: -1, message });
  });

  it.each([
    '',
    'rubbish',
    'Mar 19 23:48:18',
    'Mrz 19 23:48:18 gw sshd[1]: hello',
    'Mar 00 23:48:18 gw sshd[1]: hello',
    'Mar 32 23:48:18 gw sshd[1]: hello',
    'Feb 30 23:48:18 gw sshd[1]: hello',
    'Apr 31 23:48:18 gw sshd[1]: hello',
    'Mar 1x 23:48:18 gw sshd[1]: hello',
    'Mar x1 23:48:18 gw sshd[1]: hello',
    'Mar 19 24:00:00 gw sshd[1]: hello',
    'Mar 19 23:60:00 gw sshd[1]: hello',
    'Mar 19 23:48:61 gw sshd[1]: hello',
    'Mar 19 23:48:1. gw sshd[1]: hello',
    'Mar 19 23:48:18.gw sshd[1]: hello',
    'Mar 9 24:00:00 gw sshd[1]: hello',
    'Mar 0 23:48:18 gw sshd[1]: hello',
    'Mar 9',
    'Mar 9 23:48:18',
    'Mar 19 1969 23:48:18 gw sshd[1]: hello',
    'Mar 19 23.48.18 gw sshd[1]: hello',
    ' Mar 19 23:48:18 gw sshd[1]: hello',
  ])('is none: %s', (line) => {
    expect(read(line)).toBeUndefined();
  });
});

/** Reads the time and the rest of a line that has a year. */
function readDated(line: string) {
  const bytes = Buffer.from(`\n${line}9]: y`, 'latin1');
  const end = bytes.length - 5;
  const header = emptyHeader();
  if (!readHeader(bytes, 1, end, header)) return undefined;
  const { dating, year, month, day, second, offsetSeconds, pid } = header;
  const text = (from: number, to: number) => bytes.toString('latin1', from, to);
  return {
    time:
      dating === 'untimed' || dating === 'yearless'
        ? dating
        : `${year}-${month + 1}-${day} ${second} ${dating === 'zoned' ? offsetSeconds : 'local'}`,
    host: text(header.hostStart, header.hostEnd),
    program: header.programStart < 0 ? undefined : text(header.programStart, header.programEnd),
    pid,
    message: text(header.messageStart, end),
  };
}

const LOCAL = {
  time: '2026-11-22 36000 local',
  host: 'gw',
  program: 'sshd',
  pid: 1,
  message: 'hello',
};
const ZONED = { ...LOCAL, time: '2026-11-22 36000 3600' };
const UTC = { ...LOCAL, time: '2026-11-22 36000 0' };

describe('the header of a line with a year', () => {
  it.each([
    ['2026-11-22T10:00:00.123456+01:00 gw sshd[1]: hello', ZONED],
    ['2026-11-22T10:00:00,123+0100 gw sshd[1]: hello', ZONED],
    ['2026-11-22T10:00:00+01 gw sshd[1]: hello', ZONED],
    ['2026-11-22T10:00:00-05:30 gw sshd[1]: hello', { ...ZONED, time: '2026-11-22 36000 -19800' }],
    ['2026-11-22T10:00:00Z gw sshd[1]: hello', UTC],
    ['2026-11-22T10:00:00 gw sshd[1]: hello', LOCAL],
    ['2026-11-22 10:00:00 gw sshd[1]: hello', LOCAL],
    ['2026-11-22 10:00:00.1 gw sshd[1]: hello', LOCAL],
    ['<38>2026-11-22T10:00:00Z gw sshd[1]: hello', UTC],
    ['2026-11-22T10:00:00Z sshd[1]: hello', { ...UTC, host: '' }],
    ['2026-11-22T10:00:00Z g sshd[1]: hello', { ...UTC, host: 'g' }],
    ['2024-02-29T00:00:60Z gw sshd[1]: hello', { ...UTC, time: '2024-2-29 59 0' }],
    ['1970-01-01T00:00:00Z gw sshd[1]: hello', { ...UTC, time: '1970-1-1 0 0' }],
    ['2105-12-31T23:59:59Z gw sshd[1]: hello', { ...UTC, time: '2105-12-31 86399 0' }],
    ['2026-11-22T10:00:00Z gw', { ...UTC, program: undefined, pid: -1, message: '' }],
    ['<34>1 2026-11-22T10:00:00.003Z gw sshd 1 ID47 - hello', UTC],
    ['1 2026-11-22T10:00:00.003Z gw sshd 1 ID47 - hello', UTC],
    ['<34>1 2026-11-22T10:00:00Z gw sshd 1 - - \u00ef\u00bb\u00bfhello', UTC],
    ['<34>1 2026-11-22T10:00:00Z gw sshd 1 - [a b="]" c="\\"]"][d] hello', UTC],
    ['<34>1 2026-11-22T10:00:00Z gw sshd - - -', { ...UTC, pid: -1, message: '' }],
    ['<34>1 2026-11-22T10:00:00Z gw sshd x - - hello', { ...UTC, pid: -1 }],
    ['<34>1 - - sshd 1 - - hello', { ...UTC, time: 'untimed', host: '' }],
    ['<34>1 2026-11-22T10:00:00Z gw - - - - hello', { ...UTC, program: undefined, pid: -1 }],
    [
      '<34>1 2026-11-22T10:00:00Z gw sshd 1 - [a hello',
      { ...UTC, program: undefined, pid: -1, message: '[a hello' },
    ],
    ['<34>1 2026-11-22T10:00:00Z gw sshd 1 - hello', { ...UTC, program: undefined, pid: -1 }],
    ['Sun Nov 22 10:00:00 2026 authpriv.info sshd[1]: hello', { ...LOCAL, host: '' }],
    ['Nov 22 2026 10:00:00 gw sshd[1]: hello', LOCAL],
    ['Sun 2026-11-22 10:00:00 CET gw sshd[1]: hello', LOCAL],
    ['Sun 2026-11-22 10:00:00.123456 UTC gw sshd[1]: hello', UTC],
    ['Sun 2026-11-22 10:00:00 +03 gw sshd[1]: hello', { ...ZONED, time: '2026-11-22 36000 10800' }],
    ['Nov 22 2026 10:00:00.123 gw sshd[1]: hello', LOCAL],
    ['<38>Nov  2 2026 10:00:00 gw sshd[1]: hello', { ...LOCAL, time: '2026-11-2 36000 local' }],
  ])('%s', (line, expected) => {
    expect(readDated(line)).toEqual(expected);
  });

  it.each([
    '1969-12-31T23:59:59Z gw sshd[1]: hello',
    '2106-01-01T00:00:00Z gw sshd[1]: hello',
    '2026-02-29T00:00:00Z gw sshd[1]: hello',
    '2026-13-01T00:00:00Z gw sshd[1]: hello',
    '2026-00-01T00:00:00Z gw sshd[1]: hello',
    '2026-11-31T00:00:00Z gw sshd[1]: hello',
    '2026-11-22T24:00:00Z gw sshd[1]: hello',
    '2026-11-22T10:00:61Z gw sshd[1]: hello',
    '2026-11-22T10:00:00+0x gw sshd[1]: hello',
    '2026-11-22T10:00:00+24:00 gw sshd[1]: hello',
    '2026-11-22X10:00:00 gw sshd[1]: hello',
    '2026/11/22 10:00:00 gw sshd[1]: hello',
    '2 2026-11-22T10:00:00Z gw sshd 1 - - hello',
    '1 2026-11-22T10:00:00Z',
    'Sun Nov 22 10:00:00 2026 sshd[1]: hello',
    'Xyz 2026-11-22 10:00:00 CET gw sshd[1]: hello',
    'Sun 2026-11-22 10:00:00 gw',
    'Sun 2026-11-22 10:00:00',
    'Sun 2026-11-22 24:00:00 CET gw sshd[1]: hello',
    'Xyz Nov 22 10:00:00 2026 auth.info sshd[1]: hello',
  ])('is none: %s', (line) => {
    expect(readDated(line)).toBeUndefined();
  });
});
