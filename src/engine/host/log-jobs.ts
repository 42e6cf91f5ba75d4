import type { Host } from './host.ts';
import { readNewsyslogLine } from './newsyslog.ts';
import type { SystemService } from './services.ts';

/** A service, hook or cron job that reads logs. */
export interface LogJob {
  /** For example `mcblock-watch.service` or `/etc/newsyslog.conf`. */
  readonly name: string;
  /** Whether it reads lines as they are written. */
  readonly isFollowing: boolean;
  /** Why it does not work; undefined if it does. */
  readonly fault?: { readonly text: string; readonly advice: string };
}

/** The services, hooks of newsyslog and logrotate, and cron jobs that run mcblock on logs. */
export function logJobs(host: Host, services: readonly SystemService[]): LogJob[] {
  const hooks = NEWSYSLOG.flatMap((path) => filesAt(host, path)).map((file) =>
    rotationHook(host, file, true),
  );
  const others = LOGROTATE.flatMap((path) => filesAt(host, path)).map((file) =>
    rotationHook(host, file, false),
  );
  const cron = CRON.flatMap((path) => filesAt(host, path)).map((file) => cronJob(host, file));
  return [
    ...services
      .filter(({ command }) => command === 'watch')
      .map(({ name, isRunning }) => ({ name, isFollowing: isRunning })),
    ...[...hooks, ...others, ...cron].filter((job) => job !== undefined),
  ];
}

/** The folders in which newsyslog(8) archives logs: option -a in the crontabs of this machine. */
export function archiveFolders(host: Host): string[] {
  const lines = CRON.flatMap((path) => filesAt(host, path)).flatMap((file) => linesOf(host, file));
  const folders = lines.flatMap((line) => ARCHIVE.exec(line)?.[1] ?? []);
  return [...new Set(folders)];
}

const ARCHIVE = /\bnewsyslog\s(?:.*\s)?-[A-Za-z]*a\s*["']?([^\s"']+)/;

const NEWSYSLOG = [
  '/etc/newsyslog.conf',
  '/etc/newsyslog.conf.d',
  '/usr/local/etc/newsyslog.conf.d',
];
const LOGROTATE = ['/etc/logrotate.conf', '/etc/logrotate.d'];
const CRON = [
  '/etc/crontab',
  '/etc/cron.d',
  '/etc/cron.hourly',
  '/etc/cron.daily',
  '/var/spool/cron/crontabs/root',
  '/var/spool/cron/root',
  '/var/cron/tabs/root',
];

function filesAt(host: Host, path: string): string[] {
  const inside = host.filesIn(path);
  return inside.length > 0 ? inside : [path];
}

/** A command that runs mcblock or its script; not the name of mcblock's own log. */
const COMMAND = /\bmcblock(?:-rotated\b|\b.*\b(?:grok|watch)\b)/;
const SCRIPT = /(\/[\w./-]*mcblock(?:-rotated)?)(?=["'\s]|$)/;

/** The job of a line that makes newsyslog or logrotate run mcblock. */
function rotationHook(host: Host, file: string, isNewsyslog: boolean): LogJob | undefined {
  const line = linesOf(host, file).find((text) => COMMAND.test(text));
  if (line === undefined) return undefined;
  const job = { name: file, isFollowing: false };
  const script = SCRIPT.exec(line)?.[1];
  if (script !== undefined && !host.isExecutable(script)) {
    const text = `${file} runs ${script}, which does not exist or is not executable`;
    return { ...job, fault: { text, advice: 'run mcblock setup; see docs/logs.md' } };
  }
  if (isNewsyslog && host.platform === 'freebsd' && !readNewsyslogLine(line)?.flags.includes('R')) {
    const text = `${file} names mcblock without the flag R: newsyslog does not run it`;
    return { ...job, fault: { text, advice: 'add R to the flags; see docs/logs.md' } };
  }
  return job;
}

function cronJob(host: Host, file: string): LogJob | undefined {
  const isJob = linesOf(host, file).some((line) => COMMAND.test(line));
  return isJob ? { name: file, isFollowing: false } : undefined;
}

function linesOf(host: Host, file: string): string[] {
  const lines = host.text(file)?.split('\n') ?? [];
  return lines.filter((line) => !/^\s*#/.test(line));
}
