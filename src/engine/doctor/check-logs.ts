import type { Seconds } from '../../blocklist/entry.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import { reasonOf } from '../../errors.ts';
import { type FollowedFile, openFollowed } from '../../log/follow/follow-file.ts';
import { isPattern, matchingFiles } from '../../log/follow/matching-files.ts';
import { rotationsOf } from '../../log/follow/rotation.ts';
import { readOffences } from '../../log/read-offences.ts';
import type { ReadOptions } from '../../log/read-options.ts';
import { memorySource } from '../../log/source.ts';
import type { Store } from '../../store/store.ts';
import type { Host } from '../host/host.ts';
import type { LogJob } from '../host/log-jobs.ts';
import type { WatchedFile } from '../watch/watcher.ts';
import { ago, type Found, ok, problem, warning } from './finding.ts';

/** Logs are rotated within this time nearly everywhere. */
const LOG_DAYS = 8;
const TAIL_BYTES = 256 * 1024;
const JOURNAL_LINES = 200;
const NEWLINE = 0x0a;
/** Files of a pattern. */
const MAX_SHOWN = 10;
const ABSENT = 'it is read once it exists; check [[log]] in the configuration if it should';
const JOURNALCTL = '/usr/bin/journalctl';

/** Whether a service, hook or cron job reads logs. */
export function checkJobs(jobs: readonly LogJob[]): Found {
  const fault = jobs.find((job) => job.fault !== undefined)?.fault;
  if (fault !== undefined) return problem(fault.text, fault.advice);
  if (jobs.length > 0) return ok(`read by ${jobs.map(({ name }) => name).join(', ')}`);
  return warning(
    'no service, hook or cron job reads logs',
    'run mcblock setup; see docs/logs.md for other ways',
  );
}

/** Whether logs are being read. A service reads nothing while nothing is written. */
export function checkLogs(store: Store, jobs: readonly LogJob[], now: Seconds): Found {
  const isFollowed = jobs.some(({ isFollowing }) => isFollowing);
  const log = store.logs.latest();
  if (log === undefined) {
    if (isFollowed || store.cursors.isAny()) return ok('the journal is followed');
    return warning(
      'no log has been read yet',
      'run mcblock setup, grok or watch; see docs/logs.md',
    );
  }
  const readAgo = `${log.name} was read ${ago(now - log.readAt)}`;
  const days = Math.floor((now - log.readAt) / DAY_SECONDS);
  if (days > LOG_DAYS && !isFollowed) {
    return warning(
      `no log read for ${days} days: ${readAgo}`,
      'check the hook of newsyslog or logrotate, or that mcblock watch runs',
    );
  }
  return ok(readAgo);
}

/** What a log of the configuration is called, and how it is read. */
export interface CheckedLog extends Pick<WatchedFile, 'archives' | 'readOptions'> {
  /** A path, perhaps with *. */
  readonly name: string;
}

/** Each file of a log: whether it is there, is written to and understood, and when it was last read. */
export async function checkLog(
  host: Host,
  log: CheckedLog,
  store: Store | undefined,
  now: Seconds,
): Promise<Found[]> {
  const { name } = log;
  if (!isPattern(name)) return [await orProblem(name, checkFile(host.path(name), log, store, now))];
  const { files, isMore } = matchingFiles(host.path(name));
  if (files.length === 0) return [warning(`${name}: no file matches`, ABSENT)];
  const found: Found[] = [];
  for (const file of files.slice(0, MAX_SHOWN)) {
    found.push(await orProblem(file, checkFile(file, { ...log, name: file }, store, now)));
  }
  if (isMore)
    found.push(warning(`${name}: more than ${files.length} files`, 'use a narrower pattern'));
  else if (files.length > MAX_SHOWN) found.push(ok(`${name}: ${files.length - MAX_SHOWN} more`));
  return found;
}

async function orProblem(name: string, found: Promise<Found>): Promise<Found> {
  try {
    return await found;
  } catch (error) {
    const reason = reasonOf(error);
    return { ...problem(reason.includes(name) ? reason : `${name}: ${reason}`), log: name };
  }
}

async function checkFile(
  path: string,
  { name, archives, readOptions }: CheckedLog,
  store: Store | undefined,
  now: Seconds,
): Promise<Found> {
  const opened = openFollowed(path, true);
  if (opened === undefined) return warning(`${name} does not exist yet`, ABSENT);
  const [tail, writtenAt] = contentOf(opened, now);
  if (tail.length === 0) return ok(`${name} is empty`);
  const source = memorySource(name, [tail], writtenAt);
  const { lines, warnings } = await readOffences(source, { ...readOptions, known: () => [] });
  const [doubt] = warnings;
  if (lines.matched === 0 && doubt !== undefined) {
    return warning(doubt, `run mcblock parse ${name}`);
  }
  const days = Math.floor((now - writtenAt) / DAY_SECONDS);
  if (days > LOG_DAYS) {
    return warning(`${name} was last written ${days} days ago`, 'check that what writes it runs');
  }
  const read = store && lastRead(store, [name, ...rotationsOf(path, archives)]);
  const readText = read === undefined ? 'not read yet' : `last read ${ago(now - read)}`;
  return ok(`${name}: ${lines.matched} of the last ${lines.lines} lines recognised; ${readText}`);
}

/** When one of these was last read. */
function lastRead(store: Store, names: readonly string[]): Seconds | undefined {
  const times = names.flatMap((name) => store.logs.lastRead(name) ?? []);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** The end of the file, and when it was last written to. Closes it. */
function contentOf(file: FollowedFile, now: Seconds): [Buffer, Seconds] {
  try {
    return [tailOf(file), file.fileTime(now)];
  } finally {
    file.close();
  }
}

/** The end of the file, beginning with a whole line. */
function tailOf(file: FollowedFile): Buffer {
  const start = Math.max(0, file.size - TAIL_BYTES);
  const tail = file.tail(start);
  return start === 0 ? tail : tail.subarray(tail.indexOf(NEWLINE) + 1);
}

/**
 * Whether the journal can be read and is understood.
 * @param unit whose entries; `*` for all
 * @param directory of its files; empty for the journal of this host
 */
export async function checkJournal(
  host: Host,
  unit: string,
  directory: string,
  options: ReadOptions,
  now: Seconds,
): Promise<Found> {
  if (!host.isExecutable(JOURNALCTL)) {
    return warning(
      'no auth.log, authlog or secure in /var/log, and no journal',
      'name your logs in [[log]] of the configuration; see docs/logs.md',
    );
  }
  const name = unit === '*' ? 'the journal' : `the journal of ${unit}`;
  const {
    ok: isRead,
    stdout,
    stderr,
  } = await host.run(JOURNALCTL, [
    '--quiet',
    '--no-pager',
    '--output=short-iso',
    `--lines=${JOURNAL_LINES}`,
    ...(unit === '*' ? [] : [`--unit=${unit}`]),
    ...(directory === '' ? [] : [`--directory=${directory}`]),
  ]);
  if (isRead && stdout.length > 0) {
    const source = memorySource('journal', [stdout], now);
    const { lines } = await readOffences(source, { ...options, known: () => [] });
    return ok(`${name} can be read; ${lines.matched} of the last ${lines.lines} lines recognised`);
  }
  const reason = stderr.split('\n', 1)[0] || 'no entries';
  return warning(
    `${name} cannot be read: ${reason}`,
    'run it as root, or as a user in the group systemd-journal',
  );
}
