import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

const OWNER = '203.0.113.30';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-11-22T12:00:00Z';
});
afterEach(() => line.remove());

function failed(time: string, pid: number, address = OWNER): string {
  return `${time} gw sshd[${pid}]: Failed password for git from ${address} port ${40_000 + pid} ssh2\n`;
}

/** Lines that do not count, one a minute, and in their midst one failed login. */
function hoursWith(failure: string, hours: number): string[] {
  return Array.from({ length: hours * 60 }, (_, n) => {
    const time = `Nov 22 ${String(Math.floor(n / 60)).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}:00`;
    return n === 100 ? failure : `${time} gw CRON[${n}]: (root) CMD (true)\n`;
  });
}

async function grok(texts: Record<string, string | readonly string[]>, ...options: string[]) {
  const files = Object.entries(texts).map(([name, text]) => {
    const file = line.path(name);
    writeFileSync(file, typeof text === 'string' ? text : text.join(''));
    return file;
  });
  return line.json<{ offences: number; repeated: number }[]>('grok', ...options, ...files);
}

/** What the events of the owner amount to: those that wait, or the hits of the entry. */
async function counted(): Promise<number> {
  const { stdout } = await line.run('export');
  const rows = stdout.split('\n').filter((row) => row !== '');
  return rows
    .map((row) => JSON.parse(row) as { type?: string; count?: number; hits?: number })
    .reduce((sum, { type, count = 0, hits = 0 }) => {
      if (type === 'pending') return sum + count;
      return type === 'entry' ? sum + hits : sum;
    }, 0);
}

describe('one wrong password counts once', () => {
  it('in windows of the journal that overlap', async () => {
    const log = hoursWith(failed('Nov 22 01:40:00', 700), 8);
    for (let hour = 3; hour <= 8; hour++) {
      await grok({ journal: log.slice((hour - 3) * 15, hour * 60) });
    }
    expect(await counted()).toBe(1);
  });

  it('in the last lines of a log, read again and again', async () => {
    const log = hoursWith(failed('Nov 22 01:40:00', 700), 8);
    for (let end = 200; end <= 480; end += 40) {
      await grok({ tail: log.slice(Math.max(0, end - 400), end) });
    }
    expect(await counted()).toBe(1);
  });

  it("in a ring buffer, as OpenWrt's logread prints it", async () => {
    const ring = Array.from(
      { length: 12 },
      (_, n) => `Sun Nov 22 10:00:${10 + n} 2026 cron.info crond[${n}]: USER root pid ${n}\n`,
    );
    ring[5] = `Sun Nov 22 10:00:15 2026 authpriv.warn dropbear[123]: Bad password attempt for 'root' from ${OWNER}:40001\n`;
    for (let start = 0; start < 5; start++) await grok({ ring: ring.slice(start, start + 8) });
    expect(await counted()).toBe(1);
  });

  it('in a log with an older line put in front', async () => {
    const log = failed('Nov 22 10:00:00', 700);
    await grok({ 'auth.log': log });
    const older = 'Nov 22 09:00:00 gw sshd[1]: Server listening on 0.0.0.0 port 22.\n';
    expect(await grok({ 'auth.log': older + log })).toMatchObject([{ offences: 1, repeated: 1 }]);
    expect(await counted()).toBe(1);
  });

  it.each([
    ['in one command', true],
    ['in two commands', false],
  ])('in auth.log and messages, named %s', async (_, together) => {
    const cron = 'Nov 22 09:00:00 gw CRON[5]: (root) CMD (true)\n';
    const [auth, messages] = [
      failed('Nov 22 10:00:00', 700),
      cron + failed('Nov 22 10:00:00', 700),
    ];
    if (together) await grok({ 'auth.log': auth, messages });
    else {
      await grok({ 'auth.log': auth });
      await grok({ messages });
    }
    expect(await counted()).toBe(1);
  });

  it('in two logs of long ago that one command names', async () => {
    const last = 'Nov 22 09:00:00 gw CRON[5]: (root) CMD (true)\n';
    const old = failed('Nov  2 10:00:00', 700) + failed('Nov  2 10:00:05', 701);
    const logs = { 'auth.log': old + last, messages: last.replace('22', ' 1') + old + last };
    expect(await grok(logs)).toMatchObject([{ repeated: 0 }, { repeated: 2 }]);
    expect((await line.run('show')).stdout).not.toContain('203.0.113');
  });

  it('where one log holds another', async () => {
    const own = failed('Nov 22 10:00:00', 700) + failed('Nov 22 10:00:01', 701);
    expect(await grok({ both: own + own })).toMatchObject([{ repeated: 2 }]);
    expect(await counted()).toBe(2);
  });

  it('where the syslogd writes each line twice, with the same microsecond', async () => {
    const times = ['10:00:00.000123', '10:00:00.100000', '10:00:01.7'];
    const lines = times.map((time) => failed(`2026-11-22T${time}+00:00`, 700));
    const [a = '', b = '', c = ''] = lines;
    await grok({ 'auth.log': a + a + b + c + b + c });
    // Three attempts in one connection, two of them in one second.
    expect(await counted()).toBe(3);
  });

  it('where a log begins in the midst of its connection', async () => {
    const closed = `Nov 22 10:00:02 gw sshd[700]: Connection closed by authenticating user git ${OWNER} port 40700 [preauth]\n`;
    await grok({ 'auth.log': failed('Nov 22 10:00:00', 700) + closed });
    await grok({ tail: closed });
    expect(await counted()).toBe(1);
  });

  it('where a log begins with a repetition of what its connection counted', async () => {
    const message = `error: PAM: Authentication failure for git from ${OWNER}`;
    const again = `Nov 22 10:00:02 gw sshd[700]: message repeated 3 times: [ ${message}]\n`;
    for (const [name, before] of Object.entries({
      whole: failed('Nov 22 10:00:00', 700),
      tail: '',
    })) {
      await grok({ [name]: before + again });
    }
    expect(await counted()).toBe(1);
  });

  it('with watch and with grok, in whatever order', async () => {
    const file = line.path('auth.log');
    writeFileSync(file, failed('Nov 22 10:00:00', 700));
    expect((await line.run('watch', '--once', file)).exitCode).toBe(0);
    await grok({ tail: ['Nov 22 09:00:00 gw a[1]: b\n', failed('Nov 22 10:00:00', 700)] });
    writeFileSync(file, failed('Nov 22 10:00:00', 700) + failed('Nov 22 10:00:09', 701));
    await grok({ tail: failed('Nov 22 10:00:09', 701) });
    expect((await line.run('watch', '--once', file)).exitCode).toBe(0);
    expect(await counted()).toBe(2);
  });
});

describe('equal failures in one second', () => {
  const THREE = failed('Nov 22 10:00:00', 700).repeat(3);

  it('count as often as one log holds them', async () => {
    await grok({ 'auth.log': THREE });
    expect(await counted()).toBe(3);
    await grok({ messages: `Nov 22 09:00:00 gw a[1]: b\n${THREE}` });
    expect(await counted()).toBe(3);
  });

  it('count as often as in the log that holds most of them', async () => {
    await grok({ 'auth.log': failed('Nov 22 10:00:00', 700) });
    await grok({ messages: `Nov 22 09:00:00 gw a[1]: b\n${THREE}` });
    expect(await counted()).toBe(3);
  });

  it.each(['grok', 'watch'])('count with %s as the log grows', async (command) => {
    const file = line.path('auth.log');
    const argv = command === 'grok' ? ['grok', file] : ['watch', '--once', file];
    for (let count = 1; count <= 3; count++) {
      writeFileSync(file, failed('Nov 22 10:00:00', 700).repeat(count));
      expect((await line.run(...argv)).exitCode).toBe(0);
    }
    expect(await counted()).toBe(3);
  });

  it('count for each of the hosts that one log names', async () => {
    const other = failed('Nov 22 10:00:00', 700).replace(' gw ', ' mail ');
    await grok({ central: failed('Nov 22 10:00:00', 700) + other });
    expect(await counted()).toBe(2);
  });

  it('are what a line stands for that repeats another', async () => {
    const repeated = 'Nov 22 10:00:05 gw last message repeated 2 times\n';
    const log = failed('Nov 22 10:00:00', 700) + repeated;
    await grok({ 'auth.log': log });
    await grok({ messages: `Nov 22 09:00:00 gw a[1]: b\n${log}` });
    expect(await counted()).toBe(3);
  });
});

describe('what counts again', () => {
  it('is a log that is read with --again', async () => {
    await grok({ 'auth.log': failed('Nov 22 10:00:00', 700) });
    await grok({ 'auth.log': failed('Nov 22 10:00:00', 700) }, '--again');
    expect(await counted()).toBe(2);
  });

  it('is a log whose command was undone', async () => {
    const log = [0, 1, 2].map((n) => failed(`Nov 22 10:00:0${n}`, 700 + n));
    await grok({ 'auth.log': log });
    expect((await line.run('undo', '--yes')).exitCode).toBe(0);
    expect(await counted()).toBe(0);
    await grok({ 'auth.log': log });
    expect(await counted()).toBe(3);
  });
});

it('says which events were counted before, and a dry run too', async () => {
  await grok({ 'auth.log': failed('Nov 22 10:00:00', 700) });
  const file = line.path('tail');
  writeFileSync(file, `Nov 22 09:00:00 gw a[1]: b\n${failed('Nov 22 10:00:00', 700)}`);
  for (const options of [['--dry-run'], []]) {
    const { stdout } = await line.run('grok', ...options, file);
    expect(stdout).toContain('1 offence (1 counted before)');
  }
});
