import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Seconds } from '../../blocklist/entry.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import { McblockError, reasonOf } from '../../errors.ts';
import { readOffences } from '../../log/read-offences.ts';
import type { ReadOptions } from '../../log/read-options.ts';
import { memorySource } from '../../log/source.ts';
import type { Store } from '../../store/store.ts';
import type { Host } from '../host/host.ts';
import type { LogJob } from '../host/log-jobs.ts';
import { authLog } from '../host/system-log.ts';
import { ago, type Found, ok, problem, warning } from './finding.ts';

/** Logs are rotated within this time nearly everywhere. */
const LOG_DAYS = 8;
const TAIL_BYTES = 256 * 1024;
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

/** Whether the system log can be read, is written to, and is understood. */
export async function checkSystemLog(
  host: Host,
  options: ReadOptions,
  now: Seconds,
): Promise<Found> {
  const log = authLog(host);
  if (log === undefined) return checkJournal(host);
  const { tail, writtenAt } = tailOf(host.path(log));
  if (tail.length === 0) return ok(`${log} is empty`);
  const source = memorySource(log, [tail], writtenAt);
  const { lines, warnings } = await readOffences(source, { ...options, known: () => [] });
  const [doubt] = warnings;
  if (lines.matched === 0 && doubt !== undefined) {
    return warning(doubt, `run mcblock parse ${log}`);
  }
  const days = Math.floor((now - writtenAt) / DAY_SECONDS);
  if (days > LOG_DAYS) {
    return warning(`${log} was last written ${days} days ago`, 'check that syslogd runs');
  }
  return ok(`${log}: ${lines.matched} of the last ${lines.lines} lines recognised`);
}

/** The end of the file, beginning with a whole line. Throws McblockError('file'). */
function tailOf(path: string): { readonly tail: Buffer; readonly writtenAt: Seconds } {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const { size, mtimeMs } = fstatSync(file);
    const start = Math.max(0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const read = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, start));
    const tail = start === 0 ? read : read.subarray(read.indexOf(0x0a) + 1);
    return { tail, writtenAt: Math.floor(mtimeMs / 1000) };
  } catch (cause) {
    throw new McblockError('file', `${path}: ${reasonOf(cause)}`, { cause });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

async function checkJournal(host: Host): Promise<Found> {
  if (!host.isExecutable(JOURNALCTL)) {
    return warning(
      'no auth.log, authlog or secure in /var/log, and no journal',
      'see docs/logs.md',
    );
  }
  const { ok: isRead, stdout, stderr } = await host.run(JOURNALCTL, ['--quiet', '--lines=1']);
  if (isRead && stdout.length > 0) return ok('the journal can be read');
  const reason = stderr.split('\n', 1)[0] || 'no entries';
  return warning(
    `the journal cannot be read: ${reason}`,
    'run it as root, or as a user in the group systemd-journal',
  );
}
