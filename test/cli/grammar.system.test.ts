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
  it('counts the messages and examples of a file', async () => {
    const good = file('knockd.grammar', KNOCKD);
    expect(await line.run('grammar', 'check', good)).toEqual({
      exitCode: 0,
      stdout: `${good}: OK: 1 message, 2 examples\n`,
      stderr: '',
    });
  });

  it('accepts the shipped grammars', async () => {
    const sshd = fileURLToPath(new URL('../../grammar/sshd.grammar', import.meta.url));
    const { exitCode, stdout } = await line.run('grammar', 'check', sshd);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/: OK: \d+ messages, \d+ examples\n$/);
  });

  it('reports the place of a failed example, what was expected and what was read', async () => {
    const good = file('good.grammar', KNOCKD);
    const bad = file('bad.grammar', KNOCKD.replace('address 2001:db8::7,', 'address 2001:db8::8,'));
    const { exitCode, stdout } = await line.run('grammar', 'check', bad, good);
    expect(exitCode).toBe(1);
    expect(stdout).toBe(
      `${bad}:3:3: expected refused, address 2001:db8::8, user "admin"; read refused, address 2001:db8::7, user "admin"\n` +
        `${bad}: 1 message, 2 examples, 1 failed\n` +
        `${good}: OK: 1 message, 2 examples\n`,
    );
  });

  it('reports the place of a syntax error and runs no example', async () => {
    const bad = file('bad.grammar', KNOCKD.replace('ENDPOINT', 'PEER'));
    const { exitCode, stdout } = await line.run('grammar', 'check', bad);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`${bad}:2:47: unknown field PEER`);
    expect(stdout).toContain(`${bad}: 1 error; no example was run\n`);
  });

  it('shows the first errors of a file that is no grammar', async () => {
    const other = file('passwd', 'root:x:0:0:root:/root:/bin/sh\n'.repeat(50));
    const { stdout } = await line.run('grammar', 'check', other);
    const shown = stdout.trimEnd().split('\n');
    expect(shown).toHaveLength(22);
    expect(shown.slice(-2)).toEqual([
      expect.stringMatching(/^and \d+ more$/),
      expect.stringMatching(/errors; no example was run$/),
    ]);
  });

  it('prints the same as JSON', async () => {
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

  it('lists services, shows the grammar of one, and drafts another', async () => {
    const services = await line.json<{ versions: string }[]>('grammar', 'list');
    expect(services).toContainEqual(
      expect.objectContaining({ service: 'nginx', ownFile: true, versions: '0.8 to 1.29' }),
    );
    expect(services).toContainEqual(expect.objectContaining({ versions: '2.1 to 3.10' }));
    expect(services.filter(({ versions }) => versions === '').length).toBeLessThan(5);
    expect((await line.run('grammar', 'show', 'nginx')).stdout).toMatch(/^service nginx /m);
    expect(await line.run('grammar', 'show', 'ngnix')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('did you mean nginx?'),
    });
    const log = line.path('knockd.log');
    writeFileSync(log, '2026/11/22 10:00:00 refused admin from 192.0.2.7\n');
    const { stdout, stderr } = await line.run('grammar', 'new', '--service', 'knockd', log);
    expect(stderr).toBe('knockd: 1 message from 1 line, 1 with a time\n');
    writeFileSync(line.path('knockd.grammar'), stdout);
    expect(await line.run('grammar', 'check', line.path('knockd.grammar'))).toMatchObject({
      exitCode: 0,
    });
  });

  it('says where the services are listed if there is none of the name', async () => {
    expect((await line.run('grammar', 'show', 'nosuchservice')).stderr).toContain(
      'mcblock: unknown service nosuchservice; mcblock grammar list lists them\n',
    );
    expect((await line.run('grammar', 'show', 'shd')).stderr).toContain('did you mean sshd?');
  });

  it('names the service after its log unless told otherwise', async () => {
    const log = file('Knockd.log.1', '2026/11/22 10:00:00 refused admin from 192.0.2.7\n');
    expect((await line.run('grammar', 'new', log)).stdout).toContain('service knockd  "knockd"\n');
    const other = file('2026.log', '');
    expect(await line.run('grammar', 'new', other)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('2026: name the service with --service: '),
    });
  });

  it.each([[[]], [['check']], [['chekc', 'x.grammar']], [['check', '--nonsense', 'x.grammar']]])(
    'is a usage error with %j',
    async (words) => {
      const { exitCode, stdout } = await line.run('grammar', ...words);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    },
  );

  it('fails if a file does not exist', async () => {
    const { exitCode, stderr } = await line.run('grammar', 'check', line.path('none.grammar'));
    expect(exitCode).toBe(1);
    expect(stderr).toBe(`mcblock: ${line.path('none.grammar')}: no such file\n`);
  });

  it('has help with examples', async () => {
    const { exitCode, stdout } = await line.run('grammar', '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('mcblock grammar check knockd.grammar');
  });
});
