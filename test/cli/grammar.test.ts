import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

const KNOCKD = `service knockd "knockd"
refused attempt 10 = "refused " USER " from " ENDPOINT
  > refused admin from 2001:db8::7:4711 | address 2001:db8::7, user admin
  ! refused admin from gate.example:4711
`;

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

function file(name: string, text: string): string {
  writeFileSync(line.path(name), text);
  return line.path(name);
}

describe('grammar check', () => {
  it('says how much of a file is right', async () => {
    const good = file('knockd.grammar', KNOCKD);
    expect(await line.run('grammar', 'check', good)).toEqual({
      exitCode: 0,
      stdout: `${good}: 1 message, 2 examples, all as they say\n`,
      stderr: '',
    });
  });

  it('finds the shipped grammars right', async () => {
    const sshd = fileURLToPath(new URL('../../grammar/sshd.grammar', import.meta.url));
    const { exitCode, stdout } = await line.run('grammar', 'check', sshd);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/: \d+ messages, \d+ examples, all as they say\n$/);
  });

  it('says where an example is wrong, what was expected and what came', async () => {
    const good = file('good.grammar', KNOCKD);
    const bad = file('bad.grammar', KNOCKD.replace('address 2001:db8::7,', 'address 2001:db8::8,'));
    const { exitCode, stdout } = await line.run('grammar', 'check', bad, good);
    expect(exitCode).toBe(1);
    expect(stdout).toBe(
      `${bad}:3:3: expected refused, address 2001:db8::8, user "admin"; read refused, address 2001:db8::7, user "admin"\n` +
        `${bad}: 1 message, 2 examples, 1 not as they say\n` +
        `${good}: 1 message, 2 examples, all as they say\n`,
    );
  });

  it('says where the notation is wrong, and runs no example', async () => {
    const bad = file('bad.grammar', KNOCKD.replace('ENDPOINT', 'PEER'));
    const { exitCode, stdout } = await line.run('grammar', 'check', bad);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`${bad}:2:47: unknown field PEER`);
    expect(stdout).toContain(`${bad}: 1 error, so that no example was run\n`);
  });

  it('gives the same as JSON', async () => {
    const bad = file(
      'bad.grammar',
      KNOCKD.replace('! refused admin from gate.example', '! refused admin from 192.0.2.7'),
    );
    const { exitCode, stdout } = await line.run('--json', 'grammar', 'check', bad);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      {
        file: bad,
        messages: 1,
        examples: 2,
        faults: [],
        wrong: [
          {
            line: 4,
            column: 3,
            message: 'expected no message; read refused, address 192.0.2.7, user "admin"',
          },
        ],
      },
    ]);
  });

  it.each([[[]], [['check']], [['chekc', 'x.grammar']], [['check', '--nonsense', 'x.grammar']]])(
    'is used wrongly with %j',
    async (words) => {
      const { exitCode, stdout } = await line.run('grammar', ...words);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    },
  );

  it('fails where a file is not there', async () => {
    const { exitCode, stderr } = await line.run('grammar', 'check', line.path('none.grammar'));
    expect(exitCode).toBe(1);
    expect(stderr).toContain('mcblock: cannot read ');
  });

  it('has help with examples', async () => {
    const { exitCode, stdout } = await line.run('grammar', '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('mcblock grammar check knockd.grammar');
  });
});
