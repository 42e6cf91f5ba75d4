import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scannerOf, tryGrammar } from '../../grammar/notation/load.ts';
import { readGrammar } from '../../grammar/notation/read.ts';
import { draftGrammar, firstLines } from '../../src/log/draft-grammar.ts';
import { readEvents } from '../../src/log/read-events.ts';
import { sourceOf } from './lines-of.ts';

const LOG = `[22/Nov/2026 10:00:00][info] started with 4 workers
[22/Nov/2026 10:00:01][warn] refused admin from 192.0.2.7:4711
[22/Nov/2026 10:00:02][warn] refused root from 192.0.2.9:4712
[22/Nov/2026 10:00:03][info] welcomed bob from 198.51.100.3
`;
const linesOf = (log: string) => log.split('\n').filter((line) => line !== '');

/** The addresses of the offences that the draft finds in the log. */
async function offendersIn(log: string, draft: string) {
  const scanners = [scannerOf(readGrammar(draft, 'knockd.grammar'))];
  const options = { scanners, zone: 'UTC', points: new Map() };
  const found = [];
  for await (const batch of readEvents(sourceOf(log, 1_795_900_000), options)) found.push(...batch);
  return found.filter(({ offence }) => offence).map(({ address }) => address);
}

/** A line of JSON with its keys in this order. */
function lineOf(order: string, n: number, message: string): string {
  const values: Record<string, unknown> = {
    ts: 1_795_341_600 + n,
    message,
    remote: `192.0.2.${n}:4711`,
    account: `u${n}`,
  };
  return JSON.stringify(Object.fromEntries(order.split(' ').map((key) => [key, values[key]])));
}

describe('the draft of a grammar', () => {
  it('declares how lines begin, and has the messages with examples', () => {
    const { text } = draftGrammar('knockd', linesOf(LOG));
    expect(text).toContain(
      'file = "[" DAY "/" MONTH-NAME "/" YEAR " " HOUR ":" MINUTE ":" SECOND "][" WORD "] "\n',
    );
    expect(text).toContain(`refused-admin-from attempt 10 = "refused " WORD " from " ADDRESS`);
    expect(text).toContain('> "refused admin from 192.0.2.7:4711" | address 192.0.2.7\n');
    expect(tryGrammar(text)).toMatchObject({ faults: [], wrong: [] });
  });

  it('reads the log from which it was made', async () => {
    const { text } = draftGrammar('knockd', linesOf(LOG));
    const scanner = scannerOf(readGrammar(text, 'knockd.grammar'));
    const events = [];
    const options = { scanners: [scanner], zone: 'UTC', points: new Map() };
    for await (const batch of readEvents(sourceOf(LOG, 1_795_900_000), options))
      events.push(...batch);
    expect(events).toMatchObject([
      { service: 'knockd', time: '2026-11-22T10:00:00Z', offence: false },
      { service: 'knockd', offence: true, address: '192.0.2.7' },
      { service: 'knockd', time: '2026-11-22T10:00:02Z' },
      { service: 'knockd', offence: false, address: '198.51.100.3' },
    ]);
  });

  it('has escapes for control characters', () => {
    const lines = linesOf(LOG.replaceAll('refused', 'refused\x1b[2J\x9b'));
    const { text } = draftGrammar('knockd', lines);
    expect(text).toContain(
      '> "refused\\x1b[2J\\xc2\\x9b admin from 192.0.2.7:4711" | address 192.0.2.7\n',
    );
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
    expect(tryGrammar(text)).toMatchObject({ faults: [], wrong: [] });
  });

  it('has messages but no file for the log of a syslogd', () => {
    const lines = linesOf(readFileSync('fixtures/logs/iso.log', 'latin1'));
    const { text, messages } = draftGrammar('mine', lines);
    expect(text).not.toContain('file = ');
    expect(messages).toBeGreaterThan(0);
  });

  it.each([
    ['EPOCH ["." FRACTION] " "', '179589000#.123 '],
    [
      'YEAR "-" MONTH "-" DAY "\\t" HOUR ":" MINUTE ":" SECOND ["." FRACTION] "\\x09"',
      '2026-11-22\t10:00:0#\t',
    ],
    ['ISO-TIME "\\x09"', '2026-11-22T10:00:0#Z\t'],
    [
      'MONTH "/" DAY "/" YEAR [","] " " HOUR ":" MINUTE ":" SECOND " " AM-PM " "',
      '11/22/2026, 1:00:0# PM ',
    ],
  ])('declares the time as %s', async (notation, start) => {
    const log = [1, 2, 3]
      .map((n) => `${start.replace('#', String(n))}refused ${'abc'[n - 1]} from 192.0.2.${n}\n`)
      .join('');
    const { text, messages, timed } = draftGrammar('knockd', linesOf(log));
    expect({ messages, timed }).toEqual({ messages: 1, timed: 3 });
    expect(text).toContain(`file = ${notation}\n`);
    expect(await offendersIn(log, text)).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
  });

  it('ignores a byte order mark', async () => {
    const marked = await firstLines(sourceOf(`\uFEFF${LOG}`, 0), expect.unreachable);
    expect(marked).toEqual(linesOf(LOG));
  });

  it('counts no line with a time in a log without times', () => {
    const lines = ['refused admin from 192.0.2.7', 'refused root from 192.0.2.9'];
    const { text, ...counts } = draftGrammar('knockd', lines);
    expect(counts).toEqual({ lines: 2, timed: 0, messages: 1 });
    expect(text).not.toContain('file = ');
  });

  it('leaves out the directives of a W3C extended log', async () => {
    const log = `#Software: knockd
#Version: 1.0
#Date: 2026-11-22 10:00:00
#Fields: date time c-ip cs-username s-comment
2026-11-22 10:00:01 192.0.2.7 admin login failed
2026-11-22 10:00:02 192.0.2.9 root login failed
`;
    const { text, ...counts } = draftGrammar('knockd', linesOf(log));
    expect(counts).toEqual({ lines: 6, timed: 2, messages: 1 });
    expect(text).toContain('file = ISO-TIME " "\n');
    expect(text).toContain(' = ADDRESS " " WORD " login failed"\n');
    expect(await offendersIn(log, text)).toEqual(['192.0.2.7', '192.0.2.9']);
  });

  it('leaves out the lines without a time if half of the lines have one', () => {
    const lines = [1, 2, 3].flatMap((n) => [
      `2026-11-22 10:00:0${n} refused 192.0.2.${n}`,
      `  first seen 2026-11-21, ${n} times`,
    ]);
    const { text, ...counts } = draftGrammar('knockd', lines);
    expect(counts).toEqual({ lines: 6, timed: 3, messages: 1 });
    expect(text).toContain('file = ISO-TIME " "\n');
  });

  it('leaves out the continued lines in the log of a syslogd', () => {
    const lines = ['admin', 'root'].flatMap((user) => [
      `Nov 22 10:00:00 gate knockd[12]: refused ${user} from 192.0.2.7`,
      '  at knockd.c:12',
    ]);
    const { text, ...counts } = draftGrammar('knockd', lines);
    expect(counts).toEqual({ lines: 4, timed: 2, messages: 1 });
    expect(text).not.toContain('file = ');
  });

  it('finds the address in events of the LEEF form', async () => {
    const events = ['login-failed^admin', 'login-failed^root', 'logout^bob'].map((words) => {
      const [event, user] = words.split('^');
      return `LEEF:2.0|Knock|knockd|1.0|${event}|^|devTime=1795890000123^src=192.0.2.7^usrName=${user}^msg=login failed`;
    });
    const { text } = draftGrammar('knockd', events);
    expect(text).toContain('file = MESSAGE TEXT "|^|devTime=" EPOCH-MS\n');
    expect(text).toContain('"^src=" ADDRESS "^usrName=" WORD "^msg=login failed"\n');
    expect(await offendersIn(`${events[0]}\n`, text)).toEqual(['192.0.2.7']);
  });

  it('leaves out a line that begins otherwise than the others', () => {
    const lines = [...linesOf(LOG), ...linesOf(LOG), '-- opened 22/Nov/2026 10:00:00 --'];
    const { text, ...counts } = draftGrammar('knockd', lines);
    expect(counts).toMatchObject({ lines: 9, timed: 8 });
    expect(text).toContain('file = "[" DAY "/"');
  });

  it.each([
    ['tabs', '\t'],
    ['several spaces', '   '],
  ])('has one message for all users in columns between %s', (_, end) => {
    const lines = ['INFO/admin', 'WARN/root', 'WARN/bob'].map((words) =>
      ['2026-11-22T10:00:00Z', ...words.split('/'), 'login failed', '192.0.2.7'].join(end),
    );
    const { text, messages } = draftGrammar('knockd', [
      ...lines,
      ...lines.map((line) => line.replace('login failed', 'left early')),
    ]);
    expect(messages).toBe(2);
    const column = end === '\t' ? '\\x09' : end;
    expect(text).toContain(`WORD "${column}login failed${column}" ADDRESS\n`);
    expect(text).toContain(`WORD "${column}left early${column}" ADDRESS\n`);
  });

  it('has one message for all lengths of what fills a column', async () => {
    const lines = ['admin/192.0.2.7', 'bob/192.0.2.10', 'christopher/192.0.2.100'].map((words) => {
      const [user = '', address = ''] = words.split('/');
      return `2026-01-01 00:00:00  WARN   [auth    ] login failed   user=${user.padEnd(12)} ip=${address.padEnd(16)} x`;
    });
    const { text, messages } = draftGrammar('knockd', lines);
    expect(messages).toBe(1);
    const other = lines[0]?.replace('admin  ', 'operator') ?? '';
    expect(await offendersIn(`${other}\n`, text)).toEqual(['192.0.2.7']);
  });

  it('declares the time in braces', async () => {
    const lines = [1, 2, 3].map(
      (n) => `{22-Nov-2026 10:00:0${n}.5} <auth> bad secret of u${n} from 192.0.2.${n}/22`,
    );
    const { text } = draftGrammar('knockd', lines);
    expect(text).toContain(
      'file = "{" DAY "-" MONTH-NAME "-" YEAR " " HOUR ":" MINUTE ":" SECOND ["." FRACTION] "} "\n',
    );
    expect(text).toContain('attempt 10 = "<auth> bad secret of " WORD " from " ADDRESS "/" INT\n');
    expect(await offendersIn(`${lines[1]}\n`, text)).toEqual(['192.0.2.2']);
  });

  it('has times of any day and hour in JSON', async () => {
    const lines = [1, 2, 3].map(
      (n) =>
        `{"msg":"login failed","at":"2026-11-22T10:00:0${n}Z","user":"u${n}","ip":"192.0.2.${n}"}`,
    );
    const { text } = draftGrammar('knockd', lines);
    const later = lines[0]?.replace('22T10:00:01', '23T11:30:59').replace('u1', 'a \\"b\\"');
    expect(await offendersIn(`${later}\n`, text)).toEqual(['192.0.2.1']);
  });

  it('has messages for any order of keys in JSON', async () => {
    const orders = [
      'ts message remote account',
      'remote message ts account',
      'account remote ts message',
    ];
    const messages = ['password mismatch', 'logged in with a key'];
    const lines = messages.flatMap((message) =>
      orders.map((order, n) => lineOf(order, n + 1, message)),
    );
    const draft = draftGrammar('knockd', lines);
    expect(draft.messages).toBe(2);
    expect(tryGrammar(draft.text)).toMatchObject({ faults: [], wrong: [] });
    const other = lineOf('message account remote ts', 9, 'password mismatch');
    const words = ',"remote":"198.51.100.9:1","message":"password mismatch","x":"';
    const forged = other.replace('u9', JSON.stringify(words).slice(1, -1));
    const unescaped = other.replace('u9', words);
    const log = [...lines, other, forged, unescaped].join('\n');
    expect(await offendersIn(`${log}\n`, draft.text)).toEqual([
      '192.0.2.1',
      '192.0.2.2',
      '192.0.2.3',
      '192.0.2.9',
      '192.0.2.9',
    ]);
  });

  it('is valid for each log in fixtures/logs', () => {
    for (const name of readdirSync('fixtures/logs').filter((file) => file.endsWith('.log'))) {
      const lines = linesOf(readFileSync(`fixtures/logs/${name}`, 'latin1'));
      const { text, messages } = draftGrammar('mine', lines);
      if (messages > 0)
        expect([name, tryGrammar(text)]).toMatchObject([name, { faults: [], wrong: [] }]);
    }
  });

  it('is valid for any text', () => {
    const word = fc.oneof(
      fc.constantFrom('192.0.2.7', '::1', '"', '\\', '[', ']', 'failed', '22', ':', '\t', ' ', 'é'),
      fc.constantFrom('2026-11-22T10:00:00Z', 'Nov 22 10:00:00', '1795341600'),
      fc.string({ maxLength: 4 }),
    );
    const line = fc
      .array(word, { maxLength: 8 })
      .map((words) => words.join('').replaceAll('\n', ''));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const { text, messages } = draftGrammar('mine', lines);
        if (messages > 0) expect(tryGrammar(text)).toMatchObject({ faults: [], wrong: [] });
      }),
    );
  });
});
