import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signal } from '../../src/process/program.ts';
import { until } from '../support/until.ts';

/** A PostgreSQL server of its own in a temporary folder, reached by a socket in it. */
export interface Cluster {
  /** The URL of its database, in which nothing of ours is any more. */
  readonly emptyDatabase: () => string;
  readonly url: string;
  /** Starts a server that follows this one and takes no writes. */
  readonly startStandby: () => Promise<Cluster>;
  readonly stop: () => Promise<void>;
}

/** The folder with initdb and postgres, or why there can be no cluster. */
export function findPostgres(): { readonly folder: string } | { readonly missing: string } {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian).toSorted((p, q) => Number(q) - Number(p))
    : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    '/usr/local/bin',
    '/usr/bin',
    '/opt/homebrew/bin',
  ];
  const folder = folders.find((candidate) => existsSync(join(candidate, 'initdb')));
  if (folder === undefined) return { missing: 'PostgreSQL is not installed (initdb is not found)' };
  if (process.getuid?.() === 0 && postgresUser() === undefined) {
    return { missing: 'PostgreSQL does not run as root, and there is no user postgres or nobody' };
  }
  return { folder };
}

/** @param disk where its own folder is made */
export function startCluster(
  folder: string,
  settings: readonly string[] = [],
  disk = tmpdir(),
): Promise<Cluster> {
  const create = ['-U', 'mcblock', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'];
  return start(folder, settings, disk, ['initdb', ...create]);
}

/** @param create makes the folder with the data, which the option -D names */
async function start(
  folder: string,
  settings: readonly string[],
  disk: string,
  [creator, ...create]: readonly [string, ...string[]],
): Promise<Cluster> {
  const directory = mkdtempSync(join(disk, 'mcblock-pg-'));
  const as = process.getuid?.() === 0 ? postgresUser() : undefined;
  if (as) chownSync(directory, as.uid, as.gid);
  const data = join(directory, 'data');
  const run = (program: string, ...args: readonly string[]) =>
    execFileSync(join(folder, program), args, {
      ...as,
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  run(creator, '-D', data, ...create);
  const options = ['listen_addresses=', `unix_socket_directories=${directory}`, ...settings];
  const server = spawn(
    join(folder, 'postgres'),
    ['-D', data, ...options.flatMap((option) => ['-c', option])],
    { ...as, cwd: directory, stdio: 'ignore' },
  );
  const ended = once(server, 'close');
  const ask = (sql: string) =>
    run('psql', '-q', '-h', directory, '-U', 'mcblock', '-d', 'postgres', '-c', sql);
  const answers = () => {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}`);
    try {
      ask('SET client_min_messages = warning');
      return true;
    } catch {
      return false;
    }
  };
  await until(answers);
  const url = `postgres://mcblock@/postgres?host=${encodeURIComponent(directory)}`;
  return {
    url,
    emptyDatabase() {
      ask('DROP SCHEMA IF EXISTS mcblock CASCADE');
      return url;
    },
    startStandby: () =>
      start(folder, settings, disk, ['pg_basebackup', '-h', directory, '-U', 'mcblock', '-R']),
    async stop() {
      // At once, with no check point: nothing of it is needed any more.
      signal(server, 'SIGQUIT');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function postgresUser(): { readonly uid: number; readonly gid: number } | undefined {
  for (const name of ['postgres', 'nobody']) {
    try {
      const number = (option: string) =>
        Number(execFileSync('id', [option, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: number('-u'), gid: number('-g') };
    } catch {
      // There is no such user.
    }
  }
  return undefined;
}
