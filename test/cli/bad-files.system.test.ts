import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

/** A user for whom permissions count. */
const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;

/** Each takes a file as its last argument. */
const COMMANDS: readonly (readonly string[])[] = [
  ['grok'],
  ['grok', '--dry-run'],
  ['grok', '--pf', '--external', 'em0'],
  ['grok', '--rotated'],
  ['grok', '--service', 'sshd'],
  ['parse'],
  ['parse', '--unknown'],
  ['watch', '--once'],
  ['import'],
  ['feed', 'list'],
  ['emit', '--output'],
  ['grammar', 'check'],
  ['config', 'check', '--config'],
  ['show', '--config'],
  ['show', '--db'],
  ['add', '9.9.9.9', '--db'],
  ['listen', '--acacia'],
];

let line: CommandLine;
/** What a name stands for, by how it is bad. */
let files: ReadonlyMap<string, string>;
beforeAll(async () => {
  line = new CommandLine();
  await line.run('add', '192.0.2.7');
  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(line.path(name), content);
    return line.path(name);
  };
  const locked = line.path('locked');
  mkdirSync(line.path('folder'));
  mkdirSync(locked);
  files = new Map([
    ['missing', line.path('missing')],
    ['in a missing folder', line.path('missing/file')],
    ['below a file', `${write('file', '')}/file`],
    ['a folder', line.path('folder')],
    ['in a locked folder', `${locked}/file`],
    ['unreadable', write('unreadable', 'text\n')],
    ['empty', write('empty', '')],
    [
      'binary',
      write('binary', Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * 167) & 255))),
    ],
    ['no grammar', write('no.grammar', '"Login failed. IP: " ADDRESS ". Username: " WORD\n')],
    ['a truncated bzip2 file', write('cut.bz2', Buffer.from('425a6839314159265359', 'hex'))],
    ['with a zero byte in its name', `${line.folder}/a\0b`],
  ]);
  chmodSync(line.path('unreadable'), 0);
  chmodSync(locked, 0o700);
  if (!isRoot) {
    chmodSync(locked, 0);
    return;
  }
  // What is loaded late would not be readable for that user in a clone in root's home.
  for (const command of COMMANDS) {
    for (const file of ['binary', 'empty', 'cut.bz2', 'no.grammar']) {
      if (command[0] !== 'emit' && !command.includes('--db'))
        await line.run(...command, line.path(file));
    }
  }
  for (const path of [line.folder, line.db]) chownSync(path, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
});
afterAll(() => {
  if (isRoot) process.seteuid?.(0);
  else chmodSync(line.path('locked'), 0o700);
  line.remove();
});

describe.each(COMMANDS.map((command) => [command.join(' '), command] as const))(
  '%s',
  (_, command) => {
    it('reports each kind of bad file in a line that names it', async () => {
      for (const [kind, file] of files) {
        // It makes the file.
        if (command[0] === 'emit' && kind === 'missing') continue;
        const { exitCode, stderr } = await line.run(...command, file);
        expect(stderr, kind).not.toContain('internal error');
        expect([0, 1, 2], kind).toContain(exitCode);
        if (/missing|locked|below/.test(kind) && command[0] !== 'add' && command[0] !== 'watch') {
          expect(exitCode, kind).not.toBe(0);
          expect(stderr, kind).toMatch(/^mcblock: .*(?:missing|locked|file)/);
        }
      }
    });
  },
);
