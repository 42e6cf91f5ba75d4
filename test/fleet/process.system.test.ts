import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signal } from '../../src/process/program.ts';
import { openStore } from '../../src/store/store.ts';
import { program } from '../support/program.ts';
import { addUser, type Serving, serve } from './serve.ts';

const PASSWORD = '8d604831';
const folder = mkdtempSync(join(tmpdir(), 'mcblock-serve-'));
const db = join(folder, 'fleet.db');

beforeAll(() => addUser(db, 'test', PASSWORD, '--admin'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(argv: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...argv], {
    env: { ...process.env, MCBLOCK_DB: db },
    input,
    encoding: 'utf8',
    // Where it serves instead of saying what is wrong.
    timeout: 20_000,
  });
  return { status, stdout, stderr };
}

async function stop({ process: child, ended }: Serving): Promise<void> {
  signal(child, 'SIGTERM');
  await ended;
  expect(child.exitCode).toBe(0);
}

const make = (name: string) => {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  return { key, cert };
};

describe('mcblock user', () => {
  it('creates a password and shows it once, or reads one from stdin', () => {
    const made = run(['user', 'add', 'gate1']);
    expect(made).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^password: [\w-]{24}$/m),
    });
    const given = run(
      ['user', 'add', 'gate2', '--scope', 'read', '--password-stdin'],
      'a password\n',
    );
    expect(given).toMatchObject({ status: 0, stdout: 'user gate2 added (scopes: read)\n' });
    const listed = run(['user', 'list', '--json']);
    expect(JSON.parse(listed.stdout)).toMatchObject([
      { name: 'gate1', scopes: ['report', 'read'], widest4: 20, widest6: 48, disabled: false },
      { name: 'gate2', scopes: ['read'] },
      { name: 'test', scopes: ['admin'] },
    ]);
    expect(listed.stdout).not.toContain('scrypt');
    expect(statSync(db).mode & 0o777).toBe(0o600);
  });

  it('changes, disables, enables and removes users', () => {
    run(['user', 'add', 'gate3', '--longest', 'forever', '--widest4', '16']);
    const passwd = run(['user', 'passwd', 'gate3', '--json']);
    expect(JSON.parse(passwd.stdout)).toEqual({ name: 'gate3', password: expect.any(String) });
    const gate3 = () =>
      (JSON.parse(run(['user', 'list', '--json']).stdout) as { name: string }[]).find(
        ({ name }) => name === 'gate3',
      );
    expect(run(['user', 'disable', 'gate3']).status).toBe(0);
    expect(gate3()).toMatchObject({ disabled: true, longestSeconds: null, widest4: 16 });
    expect(run(['user', 'enable', 'gate3']).status).toBe(0);
    expect(gate3()).toMatchObject({ disabled: false });
    expect(run(['user', 'remove', 'gate3']).status).toBe(0);
    expect(gate3()).toBeUndefined();
  });

  it('reports wrong use', () => {
    for (const [argv, status, text, input] of [
      [['add', 'test'], 1, 'user test exists', ''],
      [['add', 'a:b'], 2, 'is not a user name', ''],
      [['add', 'x', '--scope', 'all'], 2, '--scope takes', ''],
      [['add', 'x', '--widest4', '0'], 2, '--widest4 takes', ''],
      [['add', 'x', '--longest', 'long'], 2, '--longest takes', ''],
      [['add', 'x', '--password-stdin'], 2, 'use 8 to 256', 'short\n'],
      [['add', 'x', '--password-stdin'], 2, 'use 8 to 256', ''],
      [['passwd', 'x'], 1, 'no user x', ''],
      [['remove', 'x'], 1, 'no user x', ''],
    ] as const) {
      const { status: got, stderr } = run(['user', ...argv], input);
      expect([got, stderr]).toEqual([status, expect.stringContaining(text)]);
    }
  });
});

describe('mcblock serve', () => {
  it('creates a first user and serves', async () => {
    const own = join(folder, 'first.db');
    const server = await serve('--db', own, '--first-user', 'anna');
    expect((await fetch(`${server.origin}/`)).status).toBe(200);
    await stop(server);
    const again = run(['user', 'list', '--json', '--db', own]);
    expect(JSON.parse(again.stdout)).toMatchObject([{ name: 'anna', scopes: ['admin'] }]);
    expect(server.lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(
      expect.arrayContaining(['listening', 'stopping', 'stopped']),
    );
  });

  it('answers pending requests before it stops', async () => {
    const server = await serve('--db', db);
    const authorization = `Basic ${Buffer.from(`test:${PASSWORD}`).toString('base64')}`;
    const post = (IP: string) =>
      fetch(`${server.origin}/v1/pf`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify([{ IP, source: 'x' }]),
      }).then(
        ({ status }) => status,
        () => 'away',
      );
    expect(await post('5.6.7.8')).toBe(204);
    const answers = Array.from({ length: 20 }, (_, index) => post(`5.6.8.${index}`));
    // The requests are on their way when it is told to stop.
    await new Promise(setImmediate);
    await stop(server);
    const done = (await Promise.all(answers)).filter((status) => status === 204).length;
    const next = await serve('--db', db);
    const listed = await fetch(`${next.origin}/v1/pf`, { headers: { authorization } });
    const rows = ((await listed.json()) as string[][]).flat();
    await stop(next);
    // What was answered is there; what was not may be.
    expect(rows.filter((row) => row.startsWith('5.6.8.')).length).toBeGreaterThanOrEqual(done);
    expect(rows).toContain('5.6.7.8/32');
  });

  it('reports wrong use', () => {
    const machine = join(folder, 'machine.db');
    openStore(machine, { mode: 'write' }).close();
    for (const [argv, status, text] of [
      [['--listen', '0.0.0.0:0'], 2, 'unencrypted'],
      [['--listen', '[::]:0'], 2, 'unencrypted'],
      [['--listen', 'here'], 2, '--listen takes'],
      [['--listen', '127.0.0.1:70000'], 2, '--listen takes'],
      [['--tls-cert', 'x'], 2, 'both'],
      [['--v1-status', '404'], 2, '503, 500, 401'],
      [
        ['--tls-cert', '/nonexistent', '--tls-key', 'x'],
        2,
        '--tls-cert: /nonexistent: no such file',
      ],
      [['--user', 'no such user'], 2, '--user'],
      [['--listen', '203.0.113.1:1', '--insecure'], 1, '--listen 203.0.113.1:1: '],
      [['--db', machine], 1, 'is the store of one machine'],
      [['--db', '/dev/null/x'], 1, 'use --db to name another'],
      [['--db', 'postgres://nobody:secret@127.0.0.1:1/x'], 1, 'check that PostgreSQL is running'],
    ] as const) {
      const { status: got, stderr } = run(['serve', ...argv]);
      expect([got, stderr]).toEqual([status, expect.stringContaining(text)]);
      expect(stderr).not.toContain('secret');
    }
  });

  const openssl = spawnSync('openssl', ['version']).status === 0;
  it.skipIf(!openssl)(
    'speaks TLS, and asks for certificates (skipped without openssl)',
    async () => {
      const [own, client, stranger] = [make('own'), make('test'), make('stranger')];
      const tls = ['--tls-cert', own.cert, '--tls-key', own.key, '--tls-ca', client.cert];
      const server = await serve('--db', db, ...tls);
      expect(server.origin).toMatch(/^https:/);
      const status = (by?: { key: string; cert: string }) =>
        new Promise((resolve) => {
          const options = {
            ca: readFileSync(own.cert),
            auth: `test:${PASSWORD}`,
            ...(by && { key: readFileSync(by.key), cert: readFileSync(by.cert) }),
          };
          request(`${server.origin}/v1/pf`, options, (answer) => {
            answer.resume();
            resolve(answer.statusCode);
          })
            .on('error', () => resolve('refused'))
            .end();
        });
      expect(await status(client)).toBe(200);
      expect(await status(stranger)).toBe('refused');
      expect(await status()).toBe('refused');
      await stop(server);
    },
  );
});
