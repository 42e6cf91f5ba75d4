import type { Finished } from '../../process/run-program.ts';
import type { Host } from './host.ts';

/** A unit of systemd or a script of rc(8) that runs mcblock. */
export interface SystemService {
  readonly name: string;
  /** The command of mcblock that it runs. */
  readonly command: string;
  /** Whether it is started at boot. */
  readonly isEnabled: boolean;
  readonly isRunning: boolean;
  /** Whether it was just restarted, and before: it fails again and again. */
  readonly isFailing?: boolean;
  /** The command that shows why it is not running, or that starts it. */
  readonly advice: string;
}

const DAEMONS = ['watch', 'listen', 'sync', 'serve', 'probe'];
const UNITS: ReadonlyMap<string, string> = new Map([
  ...DAEMONS.map((command): [string, string] => [`mcblock-${command}.service`, command]),
  ['mcblock-apply.service', 'apply'],
  ['mcblock-feeds.timer', 'feed'],
  ['mcblock-notify.timer', 'notify'],
]);
/** A service that runs for so long does not fail at its start. */
const STEADY_SECONDS = 60;
const SERVICE = '/usr/sbin/service';
const RCCTL = '/usr/sbin/rcctl';

/** The services of mcblock that are enabled or running. */
export async function services(host: Host): Promise<SystemService[]> {
  const installed = host.hasSystemd ? await systemdUnits(host) : await rcScripts(host);
  return installed.filter(({ isEnabled, isRunning }) => isEnabled || isRunning);
}

async function systemdUnits(host: Host): Promise<SystemService[]> {
  const properties =
    '--property=Id,ActiveState,UnitFileState,NRestarts,ActiveEnterTimestampMonotonic';
  const finished = await runIfThere(
    host,
    '/usr/bin/systemctl',
    'show',
    properties,
    ...UNITS.keys(),
  );
  const blocks = finished?.stdout.toString('latin1').split('\n\n') ?? [];
  return blocks.flatMap((block) => {
    const lines = block.split('\n').map((line) => line.split('=', 2) as [string, string]);
    const values = new Map(lines);
    const name = values.get('Id') ?? '';
    const command = UNITS.get(name);
    if (command === undefined) return [];
    const isEnabled = values.get('UnitFileState')?.startsWith('enabled') ?? false;
    const isRunning = values.get('ActiveState') === 'active';
    // The clock of both is CLOCK_MONOTONIC, in microseconds and nanoseconds.
    const startedAt = Number(values.get('ActiveEnterTimestampMonotonic') ?? 0) / 1e6;
    const isNew = Number(process.hrtime.bigint()) / 1e9 - startedAt < STEADY_SECONDS;
    const isFailing = isNew && Number(values.get('NRestarts') ?? 0) > 1;
    const advice = `run systemctl status ${name}`;
    return [{ name, command, isEnabled, isRunning, isFailing, advice }];
  });
}

async function rcScripts(host: Host): Promise<SystemService[]> {
  const found: SystemService[] = [];
  for (const command of DAEMONS) {
    const name = `mcblock_${command}`;
    if (host.platform === 'freebsd' && host.exists(`/usr/local/etc/rc.d/${name}`)) {
      const isEnabled = await succeeds(host, SERVICE, name, 'enabled');
      const isRunning = await succeeds(host, SERVICE, name, 'status');
      found.push({ name, command, isEnabled, isRunning, advice: `run service ${name} start` });
    } else if (host.platform === 'openbsd' && host.exists(`/etc/rc.d/${name}`)) {
      const isEnabled = await succeeds(host, RCCTL, 'get', name, 'status');
      const isRunning = await succeeds(host, RCCTL, 'check', name);
      found.push({ name, command, isEnabled, isRunning, advice: `run rcctl start ${name}` });
    }
  }
  return found;
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
