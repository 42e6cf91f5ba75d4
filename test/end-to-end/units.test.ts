import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signal } from '../../src/process/program.ts';
import { Namespace, NO_NAMESPACES } from '../firewall/namespace.ts';
import { failedLogin, hasJournal, JournalFiles } from '../support/journal-files.ts';
import { program } from '../support/program.ts';
import { until } from '../support/until.ts';

const UNITS = join(import.meta.dirname, '..', '..', 'packaging', 'systemd');
/** In the place of _mcblock, whom this machine may not have. */
const NOBODY = 65_534;
const hasAll = NO_NAMESPACES === undefined && hasJournal && existsSync('/usr/bin/setpriv');

/** A machine that has been set up and starts again: its tables are empty. */
describe.runIf(hasAll)('the units at boot', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcblock-units-'));
  const state = join(folder, 'state');
  const config = join(folder, 'mcblock.toml');
  const told = join(state, 'told');
  const journal = new JournalFiles(join(folder, 'journal'));
  let namespace: Namespace;

  beforeAll(() => {
    namespace = new Namespace();
    mkdirSync(state);
    writeFileSync(
      config,
      `[firewall]\nkind = "nft"\n[journal]\ndirectory = "${journal.folder}"\n[[log]]\nunit = "ssh*.service"\n[probe]\nports = [23]\n[notify]\ncommand = ["/usr/bin/tee", "-a", "${told}"]\nevents = ["wide-entry"]\nwider4 = 25\n`,
    );
    run(
      process.execPath,
      program,
      '--db',
      join(state, 'mcblock.db'),
      'add',
      '--no-apply',
      '198.51.100.0/24',
    );
    for (const path of [folder, state, join(state, 'mcblock.db'), journal.folder]) {
      chownSync(path, NOBODY, NOBODY);
    }
  });

  afterAll(() => {
    namespace.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What the unit starts, as the user and with the capabilities that it names. */
  function commandOf(unit: string): [string, ...string[]] {
    const text = readFileSync(join(UNITS, unit), 'utf8');
    const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '';
    expect(value('User')).toBe('_mcblock');
    const capabilities = value('AmbientCapabilities')
      .split(' ')
      .filter((name) => name !== '')
      .map((name) => `+${name.replace('CAP_', '').toLowerCase()}`);
    const set = ['-all', ...capabilities].join(',');
    const command = value('ExecStart')
      .replace('/usr/bin/env mcblock', `${process.execPath} ${program}`)
      .replaceAll('/etc/mcblock.toml', config)
      .replaceAll('/var/lib/mcblock', state);
    return namespace.argv(
      '/usr/bin/setpriv',
      `--reuid=${NOBODY}`,
      `--regid=${NOBODY}`,
      '--clear-groups',
      '--no-new-privs',
      `--bounding-set=${set}`,
      `--inh-caps=${set}`,
      `--ambient-caps=${set}`,
      ...command.split(' '),
    );
  }

  /** Starts a daemon, waits for what shows that it works, and stops it. */
  async function runDaemon(unit: string, works: (output: string) => boolean): Promise<void> {
    const [command, ...args] = commandOf(unit);
    const daemon = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [daemon.stdout, daemon.stderr]) {
      stream.on('data', (data: Buffer) => {
        output += data.toString();
      });
    }
    try {
      await until(() => works(output) || hasEnded(daemon), { instead: () => output });
    } finally {
      signal(daemon, 'SIGTERM');
    }
    await until(() => hasEnded(daemon), { instead: () => output });
    expect([daemon.exitCode, output]).toEqual([0, expect.anything()]);
  }

  it('apply the rules', () => {
    run(...commandOf('mcblock-apply.service'));
    expect(rules()).toContain('198.51.100.0');
  });

  it('follow the journal and block offenders', async () => {
    const now = Math.floor(Date.now() / 1000);
    journal.write([1, 2, 3].map((pid) => failedLogin(now - pid, pid)));
    await runDaemon('mcblock-watch.service', () => rules().includes('203.0.113.0'));
  });

  it('update the feeds', () => {
    run(...commandOf('mcblock-feeds.service'));
  });

  it('tell of what is configured', () => {
    run(...commandOf('mcblock-notify.service'));
    expect(readFileSync(told, 'utf8')).toContain('new entry 198.51.100.0/24');
  });

  it('serve the API without any capability', async () => {
    await runDaemon('mcblock-serve.service', (output) => output.includes('127.0.0.1:8123'));
  });

  it('probe ports below 1024', async () => {
    await runDaemon('mcblock-probe.service', (output) => output.includes('probing port 23'));
  });

  function rules(): string {
    return namespace.run(namespace.nft, 'list', 'ruleset');
  }
});

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function run(command: string, ...args: string[]): void {
  const { status, stderr, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  expect([status, stderr, stdout]).toEqual([0, expect.anything(), expect.anything()]);
}
