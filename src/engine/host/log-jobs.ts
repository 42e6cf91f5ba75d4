import type { Finished } from '../../process/run-program.ts';
import type { Host } from './host.ts';
import { readNewsyslogLine } from './newsyslog.ts';

/** The daemon that follows logs, as systemd and rc.d know it. */
const UNIT = 'mcblock-watch.service';
const DAEMON = 'mcblock_watch';

/** What has logs read without anybody typing a command. */
export interface LogJob {
  /** Such as `mcblock-watch.service` or `/etc/newsyslog.conf`. */
  readonly name: string;
  /** Lines are read as they are written. */
  readonly isDaemon: boolean;
  /** Why it reads nothing; undefined if it does. */
  readonly fault?: { readonly text: string; readonly advice: string };
}

/** The daemons, hooks of newsyslog and logrotate and cron jobs that run mcblock on logs. */
export async function logJobs(host: Host): Promise<LogJob[]> {
  const daemon = await daemonOf(host);
  const files = [
    ...NEWSYSLOG.flatMap((path) => filesAt(host, path)).map((file) =>
      rotationHook(host, file, true),
    ),
    ...LOGROTATE.flatMap((path) => filesAt(host, path)).map((file) =>
      rotationHook(host, file, false),
    ),
    ...CRON.flatMap((path) => filesAt(host, path)).map((file) => cronJob(host, file)),
  ];
  return [daemon, ...files].filter((job) => job !== undefined);
}

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

async function daemonOf(host: Host): Promise<LogJob | undefined> {
  if (host.hasSystemd) return systemdUnit(host);
  if (host.platform === 'freebsd' && host.exists(`/usr/local/etc/rc.d/${DAEMON}`)) {
    const isEnabled = await succeeds(host, '/usr/sbin/service', DAEMON, 'enabled');
    const isRunning = await succeeds(host, '/usr/sbin/service', DAEMON, 'status');
    return daemonJob(DAEMON, isEnabled, isRunning, `service ${DAEMON} start`);
  }
  if (host.platform === 'openbsd' && host.exists(`/etc/rc.d/${DAEMON}`)) {
    const isEnabled = await succeeds(host, '/usr/sbin/rcctl', 'get', DAEMON, 'status');
    const isRunning = await succeeds(host, '/usr/sbin/rcctl', 'check', DAEMON);
    return daemonJob(DAEMON, isEnabled, isRunning, `rcctl start ${DAEMON}`);
  }
  return undefined;
}

async function systemdUnit(host: Host): Promise<LogJob | undefined> {
  const properties = '--property=LoadState,ActiveState,UnitFileState';
  const finished = await runIfThere(host, '/usr/bin/systemctl', 'show', properties, UNIT);
  const lines = finished?.stdout.toString('latin1').split('\n') ?? [];
  const state = new Map(lines.map((line) => line.split('=', 2) as [string, string]));
  if (state.get('LoadState') !== 'loaded') return undefined;
  const isEnabled = state.get('UnitFileState')?.startsWith('enabled') ?? false;
  const isRunning = state.get('ActiveState') === 'active';
  return daemonJob(UNIT, isEnabled, isRunning, `systemctl status ${UNIT}`);
}

/** A daemon that is neither enabled nor running is only installed. */
function daemonJob(
  name: string,
  isEnabled: boolean,
  isRunning: boolean,
  command: string,
): LogJob | undefined {
  if (isRunning) return { name, isDaemon: true };
  if (!isEnabled) return undefined;
  return {
    name,
    isDaemon: true,
    fault: { text: `${name} is enabled but not running`, advice: `run ${command}` },
  };
}

async function succeeds(host: Host, program: string, ...args: string[]): Promise<boolean> {
  return (await runIfThere(host, program, ...args))?.ok ?? false;
}

async function runIfThere(
  host: Host,
  program: string,
  ...args: string[]
): Promise<Finished | undefined> {
  return host.isExecutable(program) ? host.run(program, args) : undefined;
}

/** A line that has newsyslog or logrotate run mcblock, or a script named after it. */
function rotationHook(host: Host, file: string, isNewsyslog: boolean): LogJob | undefined {
  const line = linesOf(host, file).find((text) => /\bmcblock\b/.test(text));
  if (line === undefined) return undefined;
  const job = { name: file, isDaemon: false };
  const script = /(?:^|[\s"'])(\/[^\s"']*\bmcblock[^\s"']*)/.exec(line)?.[1];
  if (script !== undefined && !host.isExecutable(script)) {
    const text = `${file} runs ${script}, which does not exist or is not executable`;
    return { ...job, fault: { text, advice: 'run mcblock setup; see docs/logs.md' } };
  }
  if (isNewsyslog && host.platform === 'freebsd' && !readNewsyslogLine(line)?.flags.includes('R')) {
    const text = `${file} names mcblock without the flag R, so that newsyslog does not run it`;
    return { ...job, fault: { text, advice: 'add R to the flags; see docs/logs.md' } };
  }
  return job;
}

function cronJob(host: Host, file: string): LogJob | undefined {
  const isJob = linesOf(host, file).some((line) => /\bmcblock\b.*\b(?:grok|watch)\b/.test(line));
  return isJob ? { name: file, isDaemon: false } : undefined;
}

function linesOf(host: Host, file: string): string[] {
  const lines = host.text(file)?.split('\n') ?? [];
  return lines.filter((line) => !/^\s*#/.test(line));
}
