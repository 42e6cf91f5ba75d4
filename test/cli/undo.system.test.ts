import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { PfMachine } from '../firewall/pf-machine.ts';
import { entryOf } from '../store/models.ts';
import { CommandLine } from '../support/command-line.ts';

const FIXTURE = 'fixtures/auth.log.0.bz2';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
});
afterEach(() => line.remove());

/** The whole store: what undo leaves has to be the same, to the last byte. */
async function whole(): Promise<string> {
  return (await line.run('export')).stdout;
}

function withoutLogins(text: string): string[] {
  return text.split('\n').filter((row) => !row.includes('"login"'));
}

async function grok(...argv: string[]) {
  expect(await line.run('grok', '--year', '2026', ...argv)).toMatchObject({ exitCode: 0 });
}

function log(name: string, address: string, attempts: number): string {
  const file = line.path(name);
  const lines = Array.from(
    { length: attempts },
    (_, i) =>
      `Mar 22 12:00:${String(i).padStart(2, '0')} gw sshd[${100 + i}]: Failed password for root from ${address} port 4711 ssh2\n`,
  );
  writeFileSync(file, lines.join(''));
  return file;
}

/** A process that is no command of a person, such as one that follows a log. */
function follow(work: (store: Store) => void): void {
  const store = openStore(line.db, { mode: 'write' });
  store.transaction(() => work(store));
  store.close();
}

describe('undo', () => {
  it.each([
    ['5.149.104/24', 'active forever'],
    ['10/8', 'never active'],
  ])('says that %s is %s again', async (prefix, state) => {
    await line.run('add', '--forever', '5.149.104/24');
    await line.run('forget', '--yes', prefix);
    expect((await line.run('undo')).stdout).toContain(`  ${prefix}: ${state}\n`);
  });

  it.each([
    ['add', ['add', '5.149.104/22', '--note', 'spam']],
    ['add, which activates a wider entry', ['add', '11.201.53.9']],
    ['add, which only prolongs the entry', ['add', '--forever', '5.149.104/24']],
    ['add of a prefix already blocked', ['add', '--for', '1h', '5.149.104/24']],
    ['expire', ['expire', '5.149.104/24', '2a0e:5f9a:be::/64']],
  ])('undoes %s', async (_, argv) => {
    await grok(FIXTURE);
    await line.run('expire', '11.201.53/24');
    const before = await whole();
    expect((await line.run(...argv)).exitCode).toBe(0);
    expect(await whole()).not.toBe(before);
    expect((await line.run('undo')).exitCode).toBe(0);
    expect(await whole()).toBe(before);
  });

  it('undoes the reading of logs, so that they can be read again', async () => {
    // A prefix with a history, offences that made no block yet, and a wider entry to bring back.
    await line.run('add', '7.63/16');
    await line.run('expire', '7.63/16');
    await grok(log('first', '5.149.104.9', 2));
    // An accepted login is remembered all the same: it only ever protects.
    await grok('--dry-run', FIXTURE);
    const before = await whole();
    await grok(FIXTURE, log('second', '5.149.105.9', 4));
    const after = await whole();
    expect((await line.run('undo')).stdout).toContain('2 logs forgotten, to be read again');
    expect(withoutLogins(await whole())).toEqual(withoutLogins(before));
    await grok(FIXTURE, line.path('second'));
    expect(await whole()).toBe(after);
  });

  it('knows the events of before again, which count once', async () => {
    const failed = readFileSync(log('first', '5.149.104.9', 2), 'utf8');
    await grok(line.path('first'));
    line.now = '2026-03-27T00:00:00Z';
    const later = failed.replaceAll('Mar 22', 'Mar 26').replaceAll('5.149.104', '5.149.105');
    const window = `Mar 22 11:00:00 gw cron[1]: ran\n${failed}${later}${later.replaceAll(':0', ':1')}`;
    writeFileSync(line.path('window'), window);
    await grok(line.path('window'));
    const after = await whole();
    await line.run('undo');
    await grok(line.path('window'));
    expect(await whole()).toBe(after);
  });

  it('undoes the import of a list and of a store', async () => {
    await line.run('add', '9.9.9.9', '--note', 'mine');
    const other = new CommandLine();
    try {
      await other.run('add', '9.9.9.9', '8.8.8.8', '--note', 'theirs');
      // With a log that was read, and with what it left pending.
      await other.run('grok', '--year', '2026', log('theirs', '5.149.104.9', 2));
      writeFileSync(line.path('backup'), (await other.run('export')).stdout);
    } finally {
      other.remove();
    }
    writeFileSync(line.path('list'), '9.9.9.9\n7.7.7.7\n');
    for (const file of ['backup', 'list']) {
      const before = await whole();
      expect((await line.run('import', line.path(file))).exitCode).toBe(0);
      expect(await whole()).not.toBe(before);
      await line.run('undo');
      expect(await whole()).toBe(before);
    }
  });

  it('undoes one command after the other, each once', async () => {
    const first = await whole();
    await line.run('add', '9.9.9.9');
    const second = await whole();
    await line.run('add', '9.9.9.9', '--forever');
    await line.run('undo');
    expect(await whole()).toBe(second);
    await line.run('undo');
    expect(await whole()).toBe(first);
    expect(await line.run('undo')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'mcblock: nothing to undo\n',
    });
    expect(await whole()).toBe(first);
  });

  it('undoes several commands at once, or none', async () => {
    const before = await whole();
    await grok(FIXTURE);
    await line.run('expire', '5.149.104/24');
    await line.run('forget', '--yes', '5.149.104/24');
    await line.run('add', '5.149.104/24');
    expect(await line.json('undo', '--list')).toMatchObject([
      { command: 'add 5.149.104/24', entries: 1, state: 'undoable' },
      { command: 'forget --yes 5.149.104/24', entries: 1 },
      { command: 'expire 5.149.104/24', entries: 1 },
      { command: expect.stringContaining('grok --year 2026') },
    ]);
    const after = await whole();
    expect(await line.run('undo', '--steps', '5')).toMatchObject({
      exitCode: 1,
      stderr: 'mcblock: only 4 commands can be undone; nothing changed\n',
    });
    expect(await whole()).toBe(after);
    expect(await line.json('undo', '--steps', '4')).toHaveLength(4);
    expect(withoutLogins(await whole())).toEqual(withoutLogins(before));
  });

  it('keeps the last twenty commands', async () => {
    for (let index = 0; index < 22; index++) await line.run('add', `9.9.9.${index}`);
    expect(await line.json('undo', '--list')).toHaveLength(20);
    await line.json('undo', '--steps', '20');
    expect(await line.json('show')).toMatchObject([
      { prefix: '9.9.9.0/32' },
      { prefix: '9.9.9.1/32' },
    ]);
  });

  it('undoes widen', async () => {
    await line.run('add', ...Array.from({ length: 40 }, (_, index) => `7.7.${index}/24`));
    const before = await whole();
    expect(await line.json('widen')).not.toEqual([]);
    expect((await line.run('undo')).stdout).toContain('undone: widen');
    expect(await whole()).toBe(before);
  });

  it('undoes the allow-list and the logins of an import', async () => {
    await line.run('allow', '198.51.100/24', '--note', 'office');
    await line.run('allow', '192.0.2/24');
    const login = { type: 'login', address: '203.0.113.7', at: '2026-03-23T00:00:00Z' };
    const rows = [
      { format: 'mcblock', version: 1 },
      { type: 'allow', prefix: '198.51.100.0/24', note: 'theirs', addedAt: login.at },
      { type: 'allow', prefix: '203.0.113.0/24', note: '', addedAt: login.at },
      { ...login, service: 'sshd' },
    ];
    writeFileSync(line.path('export'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const before = await whole();
    expect((await line.run('import', line.path('export'))).exitCode).toBe(0);
    expect(await line.json('allow')).toHaveLength(3);
    expect((await line.run('undo')).stdout).toContain('  203.0.113/24: not on the allow-list\n');
    expect(await whole()).toBe(before);
  });

  it('undoes changes of the allow-list', async () => {
    await line.run('allow', '192.0.2/24', '--note', 'office');
    const before = await whole();
    await line.run('allow', '--remove', '192.0.2/24');
    expect((await line.run('undo')).stdout).toContain('  192.0.2/24: on the allow-list\n');
    expect(await whole()).toBe(before);
  });

  it('undoes a command that made many entries', async () => {
    const before = await whole();
    const list = Array.from({ length: 30_000 }, (_, i) => `7.${i >> 8}.${i & 255}.9\n`);
    writeFileSync(line.path('list'), list.join(''));
    await line.run('import', line.path('list'));
    expect(await line.run('undo')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('  and 29,980 more\n'),
    });
    expect(await whole()).toBe(before);
  });

  it('skips commands that changed no entry', async () => {
    await line.run('allow', '198.51.100/24');
    await line.run('add', '9.9.9.9');
    expect((await line.run('add', '8.8.8.8', '198.51.100/24')).exitCode).toBe(1);
    expect((await line.run('expire', '7.7.7.7')).exitCode).toBe(1);
    await grok(log('quiet', '5.149.104.9', 1));
    expect((await line.run('undo')).stdout).toBe(
      'undone: add 9.9.9.9 (2026-03-24 00:00 UTC)\n  9.9.9.9: no entry\n',
    );
    expect(await line.json('show', '--expired')).toEqual([]);
    expect(await line.json('allow')).toHaveLength(1);
  });

  it('changes nothing in a dry run', async () => {
    await line.run('add', '9.9.9.9', '8.8.8.8');
    await line.run('expire', '9.9.9.9');
    const before = await whole();
    expect((await line.run('undo', '--dry-run')).stdout).toBe(
      'would undo: expire 9.9.9.9 (2026-03-24 00:00 UTC)\n  9.9.9.9: active until 2026-04-23 00:00 UTC\n',
    );
    expect(await line.json('undo', '--dry-run')).toMatchObject({
      command: 'expire 9.9.9.9',
      at: '2026-03-24T00:00:00Z',
      dryRun: true,
      entries: [{ prefix: '9.9.9.9/32', before: { active: true } }],
      changedSince: 0,
      logs: 0,
    });
    expect(await whole()).toBe(before);
  });

  it('says in a dry run what the same undo does, command by command', async () => {
    await line.run('add', '9.9.9.9');
    await line.run('allow', '5.149.104.9');
    await line.run('add', '9.9.9.9', '--for', '2y');
    await line.run('allow', '5.149.104.9', '--note', 'office');
    const [text, json] = [
      ['undo', '--steps', '4'],
      ['--json', 'undo', '--steps', '4'],
    ];
    const said = await line.run(...text, '--dry-run');
    const listed = await line.run(...json, '--dry-run');
    const undone = await line.run(...text);
    expect(undone.stdout).toContain('9.9.9.9: no entry');
    expect(said.stdout).toBe(undone.stdout.replaceAll('undone:', 'would undo:'));
    expect(JSON.parse(listed.stdout)).toMatchObject([{}, {}, {}, { changedSince: 0, count: 1 }]);
  });

  it('refuses in a dry run what limits.share refuses', async () => {
    await line.run('add', '5/8', '11/8', '12/8');
    await line.run('expire', '12/8');
    line.config = line.path('toml');
    writeFileSync(line.config, 'limits.share = 1\n');
    const undone = await line.run('undo');
    expect(undone).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('limits.share') });
    expect(await line.run('undo', '--dry-run')).toEqual(undone);
    expect((await line.run('undo', '--dry-run', '--force')).exitCode).toBe(0);
  });

  it('keeps what other commands changed since', async () => {
    await line.run('add', '9.9.9.9', '8.8.8.8');
    follow((store) => {
      const entry = store.get(parsePrefix('9.9.9.9'));
      if (entry) store.record({ entry: { ...entry, hits: 7 } });
    });
    expect((await line.run('undo')).stdout).toContain('1 changed since, left as they are');
    expect(await line.json('show')).toMatchObject([{ prefix: '9.9.9.9/32', hits: 7 }]);
  });

  it('keeps a log as read if its pending offences were used since', async () => {
    await grok(log('first', '5.149.104.9', 4));
    follow((store) => store.replacePending([]));
    expect((await line.run('undo')).exitCode).toBe(0);
    expect(await line.json('show')).toEqual([]);
    await grok(line.path('first'));
    expect(await line.json('show')).toEqual([]);
  });

  it('refuses to undo a command that changed very many entries', async () => {
    const command = {
      text: 'import list',
      user: 'root',
      isUndoable: true,
      now: () => 0,
      mostEntries: 2,
    };
    const entries = ['1.1.1.1', '2.2.2.2', '3.3.3.3'].map((text) => entryOf(`${text}/32`));
    follow((store) => entries.forEach((entry) => store.record({ entry })));
    const store = openStore(line.db, { mode: 'write', command });
    // In several transactions, as a command with several logs has it.
    for (const entry of entries) store.record({ entry });
    for (const entry of entries) store.record({ entry });
    store.close();
    expect(await line.run('undo')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('changed too many entries to be undone: import list'),
    });
    expect((await line.run('show', '3.3.3.3')).stdout).toContain('3.3.3.3');
    await line.run('add', '9.9.9.9');
    expect((await line.run('undo')).exitCode).toBe(0);
  });

  it('brings the firewall up to date with --apply', async () => {
    const machine = new PfMachine();
    try {
      writeFileSync(line.path('toml'), `[firewall]\nkind = "pf"\npfctl = "${machine.pfctl}"\n`);
      line.config = line.path('toml');
      await line.run('add', '9.9.9.9', '--apply');
      await line.run('undo', '--apply');
      expect(machine.state.tables['mcblock']).toEqual([]);
    } finally {
      machine.remove();
    }
  });
});
