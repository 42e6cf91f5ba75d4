import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AMBIGUOUS, NO_MATCH } from '../../grammar/notation/scanner.ts';
import { LINE_LIMIT_BYTES } from '../../src/log/lines.ts';
import { readLines } from './lines-of.ts';
import { tinyScanner } from './tiny-scanner.ts';

const HEAD = 'Mar 19 23:48:18 gw sshd[1]: ';
const FAILED = 'Failed password for root from 5.149.104.7 port 50112 ssh2';
const ADDRESS = 0x05956807;

const fixture = (name: string): string =>
  readFileSync(new URL(`../../fixtures/logs/${name}`, import.meta.url), 'latin1');

describe('lines', () => {
  it('are read by the scanner of their program', () => {
    const [line] = readLines(`${HEAD}${FAILED}\n`);
    expect(line).toMatchObject({ number: 1, message: 0, address: ADDRESS, user: 'root', pid: 1 });
  });

  it.each([
    ['another program', `Mar 19 23:48:18 gw cron[1]: ${FAILED}`],
    ['a program whose name only begins so', `Mar 19 23:48:18 gw sshd-x[1]: ${FAILED}`],
    ['a program whose name only ends so', `Mar 19 23:48:18 gw xsshd[1]: ${FAILED}`],
    ['a known name within the message', `Mar 19 23:48:18 gw cron[1]: sshd[1]: ${FAILED}`],
    ['no program', `Mar 19 23:48:18 gw ${FAILED}`],
    ['no header', FAILED],
  ])('of %s are ignored', (_, line) => {
    expect(readLines(line)).toMatchObject([{ service: -1, message: NO_MATCH }]);
  });

  it('distinguish no match and ambiguity', () => {
    const [none, two] = readLines(`${HEAD}hello\n${HEAD}Two faces\n`);
    expect(none).toMatchObject({ service: 0, message: NO_MATCH });
    expect(two).toMatchObject({ service: 0, message: AMBIGUOUS });
  });

  it('may end with CRLF, or without a newline', () => {
    const lines = readLines(`${HEAD}${FAILED}\r\n${HEAD}${FAILED}`);
    expect(lines).toMatchObject([{ message: 0 }, { message: 0 }]);
  });

  it('may follow the NUL bytes that a crash left', () => {
    expect(readLines(`\0\0\0${HEAD}${FAILED}\n`)).toMatchObject([{ known: true, message: 0 }]);
  });

  it('may be empty or hold any bytes', () => {
    const rubbish = Buffer.from([0xff, 0xfe, 0x0a, 0x0a, 0x00, 0x0a, 0xc3]);
    const lines = readLines(Buffer.concat([rubbish, Buffer.from(`\n${HEAD}${FAILED}`)]));
    expect(lines.map(({ known, offset }) => [known, offset])).toEqual([
      [false, 0],
      [false, 3],
      [false, 4],
      [false, 6],
      [true, 8],
    ]);
  });

  it('are nothing in an empty log', () => {
    expect(readLines('')).toEqual([]);
  });

  it.each([
    [0, false],
    [1, true],
    [1_000_000, true],
  ])('are cut at the limit (%i bytes over it), and then ignored', (over, cut) => {
    const start = `${HEAD}Failed password for `;
    const tail = ' from 5.149.104.7 port 50112 ssh2';
    const name = 'x'.repeat(LINE_LIMIT_BYTES - start.length - tail.length);
    const text = `${start}${name}${tail}${'y'.repeat(over)}\n${HEAD}${FAILED}\n`;
    for (const chunkBytes of [50_000, 1 << 21]) {
      const [long, next] = readLines(text, chunkBytes);
      expect(long).toMatchObject({ cut, message: cut ? NO_MATCH : 0, service: 0 });
      expect(long?.text.length).toBe(LINE_LIMIT_BYTES);
      expect(next).toMatchObject({ message: 0, number: 2, offset: text.length - HEAD.length - 58 });
    }
  });
});

describe('a message that the grammar of its program does not have', () => {
  const own = { ...tinyScanner, programs: ['cron'] };
  const others = { ...tinyScanner, service: 'pam', programs: ['*'] };
  const read = (line: string) => readLines(line, undefined, [mute, own, others])[0];
  const mute = { ...tinyScanner, scan: () => NO_MATCH };

  it('is tried with the grammar for any program', () => {
    expect(read(`${HEAD}${FAILED}`)).toMatchObject({ service: 2, message: 0, address: ADDRESS });
    expect(read(`${HEAD}Two faces`)).toMatchObject({ service: 2, message: AMBIGUOUS });
  });

  it('is first tried with another program of that name', () => {
    const [line] = readLines(`${HEAD}${FAILED}`, undefined, [mute, others, { ...tinyScanner }]);
    expect(line).toMatchObject({ service: 2, message: 0, address: ADDRESS });
  });

  it('stays with its program if no other has it', () => {
    expect(read(`${HEAD}hello`)).toMatchObject({ service: 0, message: NO_MATCH });
  });

  it('is not tried with others if its own grammar has it', () => {
    const line = `Mar 19 23:48:18 gw cron[1]: ${FAILED}`;
    expect(read(line)).toMatchObject({ service: 1, message: 0 });
  });
});

describe('a line of a syslogd that cuts', () => {
  // BusyBox's reads 255 bytes, of which up to 21 are priority and time, and writes a selector.
  const tail = ' from 5.149.104.7 port 50112 ssh2';
  const message = (bytes: number): string => {
    const start = 'sshd[1]: Failed password for ';
    return `${start}${'x'.repeat(bytes - start.length - tail.length)}${tail}`;
  };

  it.each([
    ['Mar 19 23:48:18 gw auth.info ', 229, false],
    ['Mar 19 23:48:18 gw auth.info ', 230, true],
    ['Mar 19 23:48:18 gw auth.info ', 600, true],
    ['Mar 19 23:48:18 auth.info ', 230, true],
    ['Thu Mar 19 23:48:18 2026 auth.info ', 230, true],
    ['Mar 19 23:48:18 gw ', 230, false],
    ['Mar 19 23:48:18 <auth.info> gw ', 230, false],
    ['Mar 19 23:48:18 ', 230, false],
  ])('%s, %i bytes', (head, bytes, cut) => {
    expect(readLines(head + message(bytes))[0]).toMatchObject({
      cut,
      service: 0,
      message: cut ? NO_MATCH : 0,
    });
  });
});

describe('repetitions', () => {
  it('count what they repeat', () => {
    const counted = readLines(fixture('repeated.log')).map(({ message, count, address }) =>
      message === NO_MATCH ? 'nothing' : `${count} from ${(address >>> 0).toString(16)}`,
    );
    expect(counted).toEqual([
      '1 from 5956807',
      '3 from 5956807',
      '1 from 5956807',
      '5 from 5956909',
      'nothing',
      // After a line of the kernel it repeats that one, and a line of another host is not ours.
      'nothing',
      '1 from 5956808',
      'nothing',
    ]);
  });

  it.each([
    ['1000 times', 1000],
    ['1001 times', 1000],
    ['99999999999999999999 times', 1000],
    ['1 time', 1],
    ['1 times', 1],
  ])('of %s', (times, count) => {
    const last = `Mar 19 23:48:28 gw last message repeated ${times}`;
    expect(readLines(`${HEAD}${FAILED}\n${last}\n`)[1]).toMatchObject({ message: 0, count });
    const quoted = `${HEAD}message repeated ${times}: [ ${FAILED}]`;
    expect(readLines(`${quoted}\n`)[0]).toMatchObject({ message: 0, count, user: 'root' });
  });

  it.each([
    'Mar 19 23:48:28 gw last message repeated 0 times',
    'Mar 19 23:48:28 gw last message repeated 3 times or so',
    'Mar 19 23:48:28 gw last message repeated x times',
    'Mar 19 23:48:28 gw cron[1]: last message repeated 3 times',
    'last message repeated 3 times',
  ])('are not: %s', (line) => {
    expect(readLines(`${HEAD}${FAILED}\n${line}\n`)[1]).toMatchObject({
      message: NO_MATCH,
      count: 1,
      repeatsLast: false,
    });
  });

  it.each([
    `${HEAD}message repeated 0 times: [ ${FAILED}]`,
    `${HEAD}message repeated 3 times: [ ${FAILED}`,
    `${HEAD}message repeated 3 times: ${FAILED}`,
    `${HEAD}x message repeated 3 times: [ ${FAILED}]`,
  ])('are not quoted: %s', (line) => {
    expect(readLines(line)[0]).toMatchObject({ message: NO_MATCH, count: 1 });
  });

  it('of a truncated line do not count', () => {
    const long = `${HEAD}${'x'.repeat(LINE_LIMIT_BYTES)}\n`;
    const last = 'Mar 19 23:48:28 gw last message repeated 3 times\n';
    expect(readLines(`${HEAD}${FAILED}\n${long}${last}`)[2]).toMatchObject({ message: NO_MATCH });
  });
});

describe('chunks', () => {
  const logs = ['bsd.log', 'freebsd-v.log', 'freebsd-vv.log', 'repeated.log', 'new-year.log'];
  const text = `\n\r\n${logs.map(fixture).join('')}\0${HEAD}${FAILED}\r\n\n${HEAD}${FAILED}`;

  it('of any size give the same lines', () => {
    const whole = readLines(text);
    expect(whole.map(({ text: line }) => line)).toEqual(
      text.split('\n').map((line) => line.replace(/\r$/, '').replace(/^\0/, '')),
    );
    for (let chunkBytes = 1; chunkBytes <= 130; chunkBytes++) {
      expect(readLines(text, chunkBytes)).toEqual(whole);
    }
  });

  it('of any size give the same lines, whatever they are', () => {
    const piece = fc.constantFrom(
      '\n',
      '\r\n',
      '\0',
      HEAD,
      FAILED,
      'x',
      'gw last message repeated 2 times',
    );
    const lines = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(lines, fc.integer({ min: 1, max: 80 }), (log, chunkBytes) => {
        expect(readLines(log, chunkBytes)).toEqual(readLines(log));
      }),
    );
  });
});
