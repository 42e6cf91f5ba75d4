import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tryGrammar } from '../../grammar/notation/load.ts';
import { emptyReading } from '../../grammar/notation/reading.ts';
import { NO_MATCH } from '../../grammar/notation/scanner.ts';
import { Templates } from '../../src/log/templates.ts';
import { scannerOfText } from '../grammar/reader.ts';

/** Words and separators between which the notation has rules. */
const TRICKY = [
  '192.0.2.7',
  '2001:db8::7',
  'fe80::1%em0',
  '192.0.2.7:22',
  '192.0.2.7.',
  '192.0.2.7...',
  '192.0.2.7:',
  'a192.0.2.7',
  'bad:192.0.2.7',
  '12:30:45',
  'pid-5',
  'user-7',
  'x',
  'y',
  '7',
  '123456789012345678901234',
  '\u0085',
  '\uFFFDa',
  'é5',
  '"',
  '\\',
  ',',
  '[',
  ']',
  ' ',
  ' ',
  ' ',
  '. ',
];

function templatesOf(...messages: string[]) {
  const templates = new Templates();
  for (const message of messages) templates.add('sshd', message);
  return templates.all().map(({ template, count }) => `${count} ${template}`);
}

describe('Templates', () => {
  it('see addresses and numbers', () => {
    expect(
      templatesOf(
        'Bad packet from 192.0.2.7 port 4711: type 20 [preauth]',
        'Bad packet from 2001:db8::7 port 22: type 3 [preauth]',
        'session 9 of [2001:db8::1]:22 (10.0.0.1) ended.',
      ),
    ).toEqual([
      '2 "Bad packet from " ADDRESS " port " INT ": type " INT " [preauth]"',
      '1 "session " INT " of [" ADDRESS "]:" INT " (" WORD ") ended."',
    ]);
  });

  it('make a field of what differs in similar messages', () => {
    expect(
      templatesOf(
        'user admin of group wheel has no shell',
        'user root of group wheel has no shell',
        'user root of group 5 has no shell',
        'user root is not here at all now',
      ),
    ).toEqual([
      '3 "user " WORD " of group " WORD " has no shell"',
      '1 "user root is not here at all now"',
    ]);
  });

  it('escape quotes, backslashes and each byte of a control character', () => {
    expect(templatesOf('said "x\\y" and\u0007\u0085 left')).toEqual([
      '1 "said \\"x\\\\y\\" and\\x07\\xc2\\x85 left"',
    ]);
  });

  it('have one address, which may end at a full stop, and text between fields', () => {
    expect(
      templatesOf(
        'Login failed. IP: 192.0.2.7. Username: me',
        'Login failed. IP: 192.0.2.8. Username: you',
        'Client "x" (192.0.2.7) of host "192.0.2.7" went.',
        'user-5 went away',
        'user-x went away',
        '192.0.2.7',
      ),
    ).toEqual([
      '2 "Login failed. IP: " ADDRESS ". Username: " WORD',
      '1 "192.0.2.7"',
      '1 "Client \\"x\\" (" ADDRESS ") of host \\"" QUOTED "\\" went."',
      '1 "user-" INT " went away"',
      '1 "user-x went away"',
    ]);
  });

  it('have any number of spaces up to the most seen where columns are padded', () => {
    expect(
      templatesOf(
        '[auth    ] login of admin      from 192.0.2.7 failed',
        '[web     ] login of bob        from 2001:db8::7      failed',
        '[session ] login of christophe from 192.0.2.9       failed',
      ),
    ).toEqual([
      '3 "[" WORD " " [" "] ["  "] ["    "] "] login of " WORD " " [" "] ["  "] ["    "] "from " ADDRESS " " [" "] ["  "] ["    "] "failed"',
    ]);
  });

  it('see an address before a slash or hash sign, and after an at sign', () => {
    expect(
      templatesOf(
        'x from 192.0.2.7/4711',
        'x from 2001:db8::7/22',
        'client 2001:db8::7#53 left',
        'client 192.0.2.7#53 left',
        'me@192.0.2.7 is in /a/b/c#d',
      ),
    ).toEqual([
      '2 "client " ADDRESS "#" INT " left"',
      '2 "x from " ADDRESS "/" INT',
      '1 "me@" ADDRESS " is in /a/b/c#d"',
    ]);
  });

  it('take times for values', () => {
    expect(
      templatesOf(
        'since 2026-11-22 10:00:00,5 on',
        'since 2026-11-22 10:00:01,7 on',
        'at=22/Nov/2026:10:00:00 +0000 in 2026-11-22T10:00:00.123+01:00',
      ),
    ).toEqual(['2 "since " WORD " " WORD "," INT " on"', '1 "at=" WORD " " WORD " in " WORD']);
  });

  it('do not mix failures with what is none', () => {
    expect(
      templatesOf(
        'password of admin accepted from 192.0.2.7',
        'password of admin rejected from 192.0.2.7',
        'password of admin changed from 192.0.2.7',
      ),
    ).toHaveLength(3);
  });

  it('have quoted text between quotes', () => {
    expect(templatesOf('{"user":"me","n":1}', '{"user":"you","n":2}', 'x="a b" y=c')).toEqual([
      '2 "{\\"user\\":\\"" QUOTED "\\",\\"n\\":" INT "}"',
      '1 "x=\\"a b\\" y=c"',
    ]);
  });

  it('are rules that grammar check accepts, and that match their messages', () => {
    const message = fc
      .array(fc.constantFrom(...TRICKY), { minLength: 1, maxLength: 12 })
      .map((words) => words.join(''));
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 12 }), (messages) => {
        const templates = new Templates();
        for (const one of messages) templates.add('x', one);
        const rules = templates.all().map(({ template }, index) => `m${index} note = ${template}`);
        const grammar = `service x "x"\n${rules.join('\n')}\n`;
        expect({ grammar, faults: tryGrammar(grammar).faults }).toEqual({ grammar, faults: [] });
        const scanner = scannerOfText(grammar);
        for (const one of messages.filter((text) => !text.includes('\uFFFD'))) {
          const bytes = Buffer.from(one);
          const found = scanner.scan(bytes, 0, bytes.length, emptyReading());
          expect({ grammar, one, found }).not.toMatchObject({ found: NO_MATCH });
        }
      }),
    );
  });

  it('are limited, and count every message', () => {
    const templates = new Templates();
    for (let n = 0; n < 5000; n++) templates.add('sshd', `word${n}x is not word${n * 7}y`);
    for (let n = 0; n < 300; n++) templates.add('sshd', `odd ${String.fromCharCode(0x3b1 + n)}a`);
    const all = templates.all();
    expect(all.length).toBeLessThanOrEqual(1001);
    expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(5300);
  });

  it('accept any text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (messages) => {
        const templates = new Templates();
        for (const message of messages) templates.add('x', message);
        const all = templates.all();
        expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(messages.length);
        for (const { template } of all) expect(template).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});
