import { describe, expect, it } from 'vitest';
import { emptyHeader, readHeader } from '../../src/log/header.ts';

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
    ['a pid without a colon', 'Mar 19 23:48:18 gw sshd[1] hello', 'sshd[1] hello'],
    ['a pid at the end of the line', 'Mar 19 23:48:18 gw sshd[1]', 'sshd[1]'],
    ['no name', 'Mar 19 23:48:18 gw : hello', ': hello'],
    ['no host', 'Mar 19 23:48:18 sshd[1]: sshd[2]: hello', 'sshd[2]: hello'],
    ['a host alone', 'Mar 19 23:48:18 gw', ''],
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
    'Mar 19 23.48.18 gw sshd[1]: hello',
    ' Mar 19 23:48:18 gw sshd[1]: hello',
  ])('is none: %s', (line) => {
    expect(read(line)).toBeUndefined();
  });
});
