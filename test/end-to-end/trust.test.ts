import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

const OFFICE = '203.0.113.9';
const DAY = '2026-03-23';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
});
afterEach(() => line.remove());

/** A log with these messages, a second apart. */
function logOf(name: string, messages: readonly string[], start = `${DAY}T10:00:00Z`): string {
  const path = line.path(name);
  const first = Date.parse(start);
  const lines = messages.map((message, index) => {
    const time = new Date(first + index * 1000).toISOString().slice(0, 19);
    return `${time}Z gw ${message.replace('PID', String(1000 + index))}\n`;
  });
  writeFileSync(path, lines.join(''));
  return path;
}

function repeated(count: number, message: string): string[] {
  return Array.from({ length: count }, () => message);
}

const sshFailure = (user: string) =>
  `sshd[PID]: Failed password for ${user} from ${OFFICE} port 4711 ssh2`;
const sshLogin = (user: string) =>
  `sshd[PID]: Accepted password for ${user} from ${OFFICE} port 4711 ssh2`;
const imapFailure = (user: string) =>
  `dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<${user}>, method=PLAIN, rip=${OFFICE}, lip=198.51.100.1, TLS, session=<x/1+>`;
const imapLogin = (user: string) =>
  `dovecot: imap-login: Login: user=<${user}>, method=PLAIN, rip=${OFFICE}, lip=198.51.100.1, mpid=4711, TLS, session=<x>`;
const smtpFailure = (user: string) =>
  `postfix/smtpd[PID]: warning: unknown[${OFFICE}]: SASL LOGIN authentication failed: Invalid authentication mechanism, sasl_username=${user}`;

async function entries(...logs: string[]): Promise<number> {
  const { exitCode, stderr } = await line.run('grok', '--no-apply', ...logs);
  expect(stderr + exitCode).toBe('0');
  return (await line.json<object[]>('show')).length;
}

describe('a trusted address', () => {
  it('is not blocked for one old password behind NAT, in either mail service', async () => {
    const log = logOf('maillog', [
      imapLogin('bob'),
      ...repeated(400, imapFailure('bob')),
      ...repeated(400, smtpFailure('bob')),
    ]);
    expect(await entries(log)).toBe(0);
    expect(await line.json('emit')).toEqual([]);
    expect((await line.run('explain', OFFICE)).stdout).toContain(
      'next offence: counts only if its user did not log in from there; 300 points within 1 day',
    );
  });

  it('is blocked for the other mail service where the configuration sets them apart', async () => {
    line.config = line.path('mcblock.toml');
    writeFileSync(line.config, '[trust]\ngroups = [["sshd", "pam"]]\n');
    const log = logOf('maillog', [imapLogin('bob'), ...repeated(30, smtpFailure('bob'))]);
    expect(await entries(log)).toBe(1);
    expect(await line.json('emit')).toEqual(['203.0.113.0/24']);
  });

  it('is not blocked for 29 failures of others, but for 30, across logs', async () => {
    expect(await entries(logOf('1', [sshLogin('bob'), ...repeated(29, sshFailure('root'))]))).toBe(
      0,
    );
    const last = logOf('2', [sshFailure('root')], `${DAY}T11:00:00Z`);
    expect(await entries(last)).toBe(1);
    expect(await line.json('emit')).toEqual(['203.0.113.0/24']);
  });

  it('is blocked if a stolen mailbox called root is used to guess the root of ssh', async () => {
    const log = logOf('all', [imapLogin('root'), ...repeated(200, sshFailure('root'))]);
    expect(await entries(log)).toBe(1);
    expect(await line.json('emit')).toEqual(['203.0.113.0/24']);
  });

  it('is not set free by guessing right after 5,000 tries, nor by a later login', async () => {
    const tries = repeated(5000, sshFailure('root'));
    const log = logOf('guess', [...tries, sshLogin('root'), ...repeated(3, sshFailure('admin'))]);
    expect(await entries(log)).toBe(1);
    expect(await line.json('emit')).toEqual(['203.0.113.0/24']);
    const later = logOf('later', [sshLogin('root')], `${DAY}T20:00:00Z`);
    expect(await entries(later)).toBe(1);
    expect(await line.json('emit')).toEqual(['203.0.113.0/24']);
    const [explained] = await line.json<{ blocked: boolean }[]>('explain', OFFICE);
    expect(explained?.blocked).toBe(true);
  });

  it('is trusted again by a login after the entry has expired', async () => {
    const tries = repeated(40, sshFailure('root'));
    await entries(logOf('guess', [sshLogin('bob'), ...tries]));
    line.now = '2026-05-01T00:00:00Z';
    const back = [sshLogin('bob'), ...repeated(20, sshFailure('bob'))];
    expect(await entries(logOf('back', back, '2026-04-30T10:00:00Z'))).toBe(0);
  });

  it.each([
    ['sshd[PID]: Accepted none for anoncvs from 203.0.113.9 port 1 ssh2'],
    [
      'dovecot: imap-login: Login: user=<anonymous>, method=ANONYMOUS, rip=203.0.113.9, lip=198.51.100.1, mpid=4711, TLS, session=<x>',
    ],
    [
      'postfix/smtpd[PID]: 4F9D195432: client=x[203.0.113.9], sasl_method=ANONYMOUS, sasl_username=x',
    ],
    ['ftpd[PID]: ANONYMOUS FTP LOGIN FROM 203.0.113.9, me@h.example'],
    ['vsftpd[PID]: [anonymous] OK LOGIN: Client "203.0.113.9", anon password "x"'],
    ['proftpd[PID]: ftp.example (203.0.113.9[203.0.113.9]) - ANON ftp: Login successful.'],
    ['pure-ftpd: (ftp@203.0.113.9) [INFO] Anonymous user logged in'],
    [
      'ejabberd[PID]: [info] <0.6668.0>@ejabberd_c2s:handle_auth_success:433 (tls|<0.1.0>) Accepted c2s PLAIN authentication for me@example.org by mnesia backend from 203.0.113.9',
    ],
  ])('is no address of a login that proves nothing: %s', async (login) => {
    expect(await entries(logOf('log', [login, ...repeated(3, sshFailure('root'))]))).toBe(1);
    expect(await line.json('emit')).toEqual(['203.0.113.0/24']);
  });

  it('is none for the logins of services that trust.services leaves out', async () => {
    line.config = line.path('mcblock.toml');
    writeFileSync(line.config, '[trust]\nservices = ["sshd"]\n');
    const log = logOf('log', [imapLogin('bob'), ...repeated(3, sshFailure('root'))]);
    expect(await entries(log)).toBe(1);
    expect(await line.json('emit')).toEqual(['203.0.113.0/24']);
  });

  it('counts the same while the log is followed', async () => {
    const messages = [imapLogin('bob'), ...repeated(50, imapFailure('bob'))];
    const watched = logOf('log', [...messages, ...repeated(29, sshFailure('root'))]);
    await line.run('watch', '--once', watched);
    expect(await line.json('show')).toEqual([]);
    logOf('log', [...messages, ...repeated(30, sshFailure('root'))]);
    await line.run('watch', '--once', watched);
    expect(await line.json('emit')).toEqual(['203.0.113.0/24']);
  });

  it('keeps no name of a user in the store', async () => {
    const names = ['bob-the-user', 'a-password-typed-as-user'];
    const [user, typed] = names.map(String);
    await entries(logOf('log', [sshLogin(user ?? ''), sshFailure(typed ?? '')]));
    const { stdout } = await line.run('export');
    for (const name of names) expect(stdout).not.toContain(name);
    expect(stdout).toContain('"type":"pending"');
  });
});
