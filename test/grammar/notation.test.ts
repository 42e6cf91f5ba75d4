import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseGrammar } from '../../grammar/notation/parser.ts';
import { readGrammar } from '../../grammar/notation/read.ts';
import { exampleFaults, refusal } from './reader.ts';

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const HEAD = 'service t "t"\n';

describe('the notation', () => {
  it('reads a whole grammar', () => {
    const { grammar, faults } = parseGrammar(
      [
        '# A comment; "quotes" and > signs in it mean nothing.',
        'service login  "login" "su"   # Kinds may be names.',
        '',
        'tail = " from " ADDRESS',
        '       ["x"',
        '       ]',
        'bad attempt 10 = ("A" | "B\\x00\\"") USER tail',
        '  # Between them a comment.',
        '  > A # is text from 192.0.2.7 | address 192.0.2.7, user # is text, too',
        '> B from 192.0.2.7 | x | no address',
        '  ! forged | line ',
        'note note = "n" tail',
      ].join('\r\n'),
    );
    expect(faults).toEqual([]);
    expect(grammar.service).toBe('login');
    expect(grammar.programs).toEqual(['login', 'su']);
    expect(grammar.rules.map(({ name, at }) => [name, at])).toEqual([
      ['tail', { line: 4, column: 1 }],
    ]);
    const [bad, note] = grammar.messages;
    expect(bad).toMatchObject({ name: 'bad', kind: 'attempt', points: 10 });
    expect(note).toMatchObject({ name: 'note', kind: 'note', points: undefined });
    expect(bad?.body).toMatchObject({
      type: 'sequence',
      items: [
        { type: 'choice', branches: [{ bytes: [65] }, { bytes: [66, 0, 34] }] },
        { type: 'field', field: 'USER' },
        { type: 'name', name: 'tail', at: { line: 7, column: 41 } },
      ],
    });
    expect(bad?.examples.map(({ line, expected }) => [textOf(line), expected])).toMatchObject([
      ['A # is text from 192.0.2.7', { address: '192.0.2.7', message: undefined }],
      ['B from 192.0.2.7 | x', { address: undefined, user: undefined }],
    ]);
    expect(bad?.forged.map(({ line }) => textOf(line))).toEqual(['forged | line']);
  });

  it('names the users and processes that write for the service', () => {
    const { grammar, faults } = parseGrammar(
      'service users "a"  # A service may have this name.\n users "b" "c"\n processes "d"\nm note = "x"\n',
    );
    expect(faults).toEqual([]);
    expect(grammar).toMatchObject({
      service: 'users',
      programs: ['a'],
      users: ['b', 'c'],
      processes: ['d'],
    });
  });

  it.each([
    ['', 1, 1, 'expected service, found the end of the file'],
    ['sshd "sshd"\n', 1, 1, 'expected service, found sshd in the first column'],
    ['service t\n', 1, 10, 'expected text in quotes, found the end of the file'],
    [`${HEAD}m note "x"\n`, 2, 8, 'expected =, found "x"'],
    [`${HEAD}m warning 3 = "x"\n`, 2, 3, 'expected =, found warning'],
    [`${HEAD}m note = ("x" |\n`, 2, 16, 'found the end of the file'],
    [
      `${HEAD}m note = ("x" | ) "y"\n`,
      2,
      17,
      'expected text in quotes, a field, a name, [ or (, found )',
    ],
    [`${HEAD}m note = []\n`, 2, 11, 'expected text in quotes'],
    [
      `${HEAD}m note =\nn note = "x"\n`,
      3,
      1,
      'found n in the first column (continued lines must be indented)',
    ],
    [`${HEAD}m note = "x\n`, 2, 10, 'unterminated text'],
    [`${HEAD}m note = "x" ; "y"\n`, 2, 14, '";" is unexpected'],
    [`${HEAD}m note = "\\n"\n`, 2, 10, 'unknown escape \\n'],
    [`${HEAD}m note = "\\x0a"\n`, 2, 10, 'no newline'],
    [`${HEAD}m note = ""\n`, 2, 10, 'the text is empty'],
    [
      `${HEAD}m note = "x" NAME\n`,
      2,
      14,
      'unknown field NAME: the fields are ADDRESS, ENDPOINT, DOTTED-ENDPOINT, PORT',
    ],
    [`${HEAD}m note = "x" > x | no address\n`, 2, 14, '> must begin a line'],
    [`${HEAD}m note = "x"\n  > x\n`, 3, 3, 'has no expectation'],
    [`${HEAD}m note = "x"\n  > x | adress 1.2.3.4\n`, 3, 3, 'unknown expectation "adress 1.2.3.4"'],
    [`${HEAD}m note = "x"\n  > x | address 1.2.3\n`, 3, 3, '1.2.3 is not an address'],
    [`${HEAD}m note = "x"\n  > x | user me\n`, 3, 3, 'unknown expectation'],
    [`${HEAD}m note = "x"\n  > x | message m\n`, 3, 3, 'names no address'],
    [`${HEAD}m note = "x"\n  > x | message o, no address\n`, 3, 3, 'unknown message o'],
    [`${HEAD}part = "x"\n  ! x\nm note = part\n`, 3, 3, 'belongs under a message'],
  ])('refuses %j', (text, line, column, message) => {
    const [first] = refusal(text).split('\n');
    expect(first).toMatch(new RegExp(`^x\\.grammar:${line}:${column}: `));
    expect(first).toContain(message);
  });

  it('reports faults of several statements at once', () => {
    const lines = refusal(
      `${HEAD}m note = "x" )\nn note = "y"\no note = = "z"\np note = "z" FOO\nq note = "\\q"\n`,
    ).split('\n');
    expect(lines.map((line) => line.split(':').slice(0, 3).join(':'))).toEqual([
      'x.grammar:2:14',
      'x.grammar:4:10',
      'x.grammar:5:14',
      'x.grammar:6:10',
    ]);
  });
});

describe('the check', () => {
  it.each([
    ['m note = "x" part', 2, 14, 'unknown sub-rule part'],
    ['m note = "x" n\nn note = "y"', 2, 14, 'n is a message'],
    ['part = "x"\nm note = "y"', 2, 1, 'part is never used'],
    ['m note = "x" YEAR', 2, 14, 'YEAR belongs in the rule "file"'],
    ['file = "[" WORD "] "\nm note = "x"', 2, 1, 'file has no time'],
    ['file = CTIME " " ADDRESS\nm note = "x"', 2, 18, 'ADDRESS is of a message'],
    ['file = TEXT "[" CTIME "] " TEXT\nm note = "x"', 2, 1, 'file can have TEXT once'],
    ['a = "x" b\nb = ["y" a]\nm note = a', 2, 1, 'a contains itself'],
    ['m note = "x"\nm note = "y"', 3, 1, 'm is already declared in line 2'],
    ['a = "x"', 1, 1, 'service t has no message'],
    ['m attempt = "x" ADDRESS', 2, 1, 'm needs points'],
    ['m sign 1001 = "x" ADDRESS', 2, 1, 'points must be from 0 to 1000'],
    ['m attempt 0 = "x" ADDRESS', 2, 1, 'points must be from 1 to 1000'],
    ['m sign 0 = "x"', 2, 1, 'm can match without'],
    ['m attempt 1001 = "x" ADDRESS', 2, 1, 'points must be from 1 to 1000'],
    ['m note 5 = "x"', 2, 1, 'a note has no points'],
    ['m login 5 = "x" ADDRESS', 2, 1, 'a login has no points'],
    ['m attempt 5 = "x" [" " ADDRESS]', 2, 1, 'm can match without an ADDRESS'],
    ['m login = "x " USER', 2, 1, 'm can match without an ADDRESS'],
    ['c note opens = "c"\nm attempt 5 = "x"', 2, 1, 'c opens a connection, but can match without'],
    [
      'c note opens = "c " ADDRESS\nm attempt 5 = "x" [" " ADDRESS]',
      3,
      1,
      'm can match without an ADDRESS and with one; write two messages',
    ],
    [
      'c note opens = "c " SESSION " " ADDRESS\nm sign 5 = "x " TEXT " " SESSION',
      3,
      1,
      'm takes its peer from SESSION: only text may precede it',
    ],
    ['m note = "x " SESSION " " SESSION', 2, 27, 'm can have SESSION twice'],
    [
      'm note = "x " (SESSION-PID | "y " SESSION-PORT)',
      2,
      1,
      'm identifies its connection in two ways',
    ],
    ['m note = "x" USER TEXT', 2, 19, 'nothing separates USER from TEXT'],
    ['m note = "x" TEXT ["y"] ADDRESS', 2, 25, 'nothing separates TEXT from ADDRESS'],
    ['m note = "x" [TEXT] ["y"] [WORD]', 2, 28, 'nothing separates TEXT from WORD'],
    ['m note = ["x"] TEXT', 2, 1, 'm can match without any fixed text'],
    ['m note = "x " ADDRESS " " ["y " ADDRESS]', 2, 33, 'm can have ADDRESS twice'],
    ['m note = "x " ADDRESS " " ENDPOINT', 2, 27, 'm can name an address twice'],
    ['m note = "x " USER " " USER', 2, 24, 'm can have USER twice'],
    ['m note = "xa" ADDRESS', 2, 10, 'ends with a character of addresses'],
    [
      'm note = "xa" ENDPOINT',
      2,
      10,
      'the text before ENDPOINT ends with a character of addresses',
    ],
    ['m note = "x " ENDPOINT "-"', 2, 24, 'this text never matches after ENDPOINT'],
    ['m attempt 5 = "x" [" " ENDPOINT]', 2, 1, 'm can match without an ADDRESS'],
    ['m note = "x " ADDRESS ".x"', 2, 23, 'this text never matches after ADDRESS'],
    ['m note = "x" INT "7"', 2, 18, 'this text never matches after INT'],
    [
      'm note = "x" ["y"]\nn note = (("x") ["y"])',
      3,
      1,
      'n never matches: m in line 2 matches the same lines',
    ],
    ['m note = "x" ("a" | "b" | "a")', 2, 27, 'this branch occurs earlier in this choice'],
  ])('refuses %j', (body, line, column, message) => {
    const [first] = refusal(`${HEAD}${body}\n`).split('\n');
    expect(first).toMatch(new RegExp(`^x\\.grammar:${line}:${column}: `));
    expect(first).toContain(message);
  });

  it('refuses a message that grows too large', () => {
    const rules = Array.from({ length: 12 }, (_, n) => `r${n} = ${`r${n + 1} `.repeat(3)}`);
    const text = `${HEAD}${rules.join('\n')}\nr12 = "x"\nm note = r0\n`;
    expect(refusal(text)).toContain('m is too large');
  });

  it('lets two branches name an address each', () => {
    const text = `${HEAD}m attempt 5 = "x " ADDRESS | "y " USER " " ADDRESS\n`;
    expect(readGrammar(text, 'x.grammar').messages).toHaveLength(1);
  });
});

describe('examples', () => {
  const GRAMMAR = `${HEAD}m note = "u " USER [" at " ADDRESS]\nn note = "v " TEXT\n`;

  it.each([
    '> u me at 192.0.2.7 | ambiguous',
    '> u me | no address, user me',
    '> u me | message m, no address',
    '> "u  " | no address, user " "',
    '> "u \\xff" | no address, user "\\xff"',
    '> u a, user b | no address, user a, user b',
    '> u a | b | no address, user "a \\x7c b"',
    '> v x | message n, no address',
    '! w',
  ])('holds: %s', (example) => {
    const [first = '', second = ''] = GRAMMAR.split(/(?=n note)/u);
    expect(exampleFaults(`${first}${example}\n${second}`)).toEqual([]);
  });

  it.each([
    ['> u me | ambiguous', 'expected ambiguous; read m, no address, user "me"'],
    ['> u me at 192.0.2.7 | address 192.0.2.7', 'expected m, address 192.0.2.7; read ambiguous'],
    ['> u me | address 192.0.2.7', 'expected m, address 192.0.2.7; read m, no address'],
    [
      '> u me | no address, user you',
      'expected m, no address, user "you"; read m, no address, user "me"',
    ],
    ['> v me | no address', 'expected m, no address; read n, no address'],
    [
      '> v me | message n, no address, user me',
      'expected n, no address, user "me"; read n, no address',
    ],
    ['> w | no address', 'expected m, no address; read no message'],
    ['! u me', 'expected no message; read m, no address, user "me"'],
    ['! u me at 192.0.2.7', 'expected no message; read ambiguous'],
  ])('fails: %s', (example, message) => {
    const [first = '', second = ''] = GRAMMAR.split(/(?=n note)/u);
    const faults = exampleFaults(`${first}  ${example}\n${second}`);
    expect(faults).toEqual([{ line: 3, column: 3, message }]);
  });

  it('distinguishes addresses of both families', () => {
    const text = `${HEAD}m note = "x " ADDRESS
  > x 192.0.2.7 | no address
  > x 192.0.2.7 | address 192.0.2.8
  > x ::192.0.2.7 | address 192.0.2.7
  > x ::ffff:192.0.2.7 | address 192.0.2.7
  > x 2001:db8::1 | address 2001:db8::2
  > x 2001:db8::1 | address 2001:db8:0::1
`;
    expect(exampleFaults(text).map(({ line }) => line)).toEqual([3, 4, 5, 7]);
  });

  it('holds in the grammar that the README begins with', () => {
    const readme = readFileSync(new URL('../../grammar/README.md', import.meta.url), 'utf8');
    const [, grammar = ''] = readme.split('```\n');
    expect(grammar).toContain('service knockd');
    expect(exampleFaults(grammar)).toEqual([]);
  });
});
