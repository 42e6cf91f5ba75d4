import { type Configured, type Facts, USER } from './facts.ts';
import { type Plan, removal, run, type Step, write } from './step.ts';

const APPLY = 'mcblock-apply.service';
const WATCH = 'mcblock-watch.service';
const FLEET = { listen: 'mcblock-listen.service', sync: 'mcblock-sync.service' } as const;
const PROBE = 'mcblock-probe.service';
/** Updates the lists that `mcblock feed` was given. */
const TIMER = 'mcblock-feeds.timer';
const FEEDS = 'mcblock-feeds.service';
const NOTIFY = { timer: 'mcblock-notify.timer', service: 'mcblock-notify.service' } as const;
const FOLDER = '/etc/systemd/system';
const SYSTEMCTL = '/usr/bin/systemctl';
/** What setup wrote before logs were named in the configuration. */
const DROP_IN = `${FOLDER}/${WATCH}.d/log.conf`;
const STATE = '/var/lib/mcblock';

/** The units run as their own user, who owns the store. */
export function systemdPlan(
  facts: Facts,
  { fleetService, hasProbe, hasNotify, secrets }: Configured,
  common: readonly Step[],
): Plan {
  const daemons = [
    WATCH,
    ...(fleetService === undefined ? [] : [FLEET[fleetService]]),
    ...(hasProbe ? [PROBE] : []),
  ];
  const timers = [TIMER, ...(hasNotify ? [NOTIFY.timer] : [])];
  const started = [FEEDS, ...(hasNotify ? [NOTIFY.service] : [])];
  const steps = [
    ...(facts.hasUser ? [] : [addUser()]),
    ...unitSteps(facts, [APPLY, ...started, ...timers, ...daemons]),
    ...removal(facts, DROP_IN),
    ...common,
    run('/usr/bin/chown', '-R', `${USER}:`, STATE),
    ...(secrets.length === 0 ? [] : [run('/usr/bin/chown', USER, ...secrets)]),
    run(SYSTEMCTL, 'daemon-reload'),
    run(SYSTEMCTL, 'enable', APPLY, ...timers, ...daemons),
    run(SYSTEMCTL, 'restart', ...timers, ...daemons),
  ];
  return { steps, toDo: [] };
}

/** Units of a package stay, but are disabled. */
export function systemdRemoval(facts: Facts): Plan {
  const notify = Object.values(NOTIFY);
  const units = [PROBE, ...Object.values(FLEET), WATCH, ...notify, TIMER, FEEDS, APPLY];
  const paths = units.map((unit) => `${FOLDER}/${unit}`);
  const started = units.filter(
    (unit, index) =>
      unit !== FEEDS &&
      unit !== NOTIFY.service &&
      (facts.unitFolder !== undefined || facts.text(paths[index] ?? '') !== undefined),
  );
  if (started.length === 0) return { steps: [], toDo: [] };
  const files = removal(facts, ...paths, DROP_IN);
  const steps = [
    run(SYSTEMCTL, 'disable', '--now', ...started),
    ...files,
    run(SYSTEMCTL, 'daemon-reload'),
  ];
  return { steps, toDo: [] };
}

function addUser(): Step {
  const home = ['--home-dir', STATE, '--no-create-home', '--shell', '/usr/sbin/nologin'];
  return run('/usr/sbin/useradd', '--system', '--user-group', ...home, USER);
}

/** Units in /etc would hide those of a package. */
function unitSteps(facts: Facts, units: readonly string[]): Step[] {
  if (facts.unitFolder !== undefined) {
    return removal(facts, ...units.map((unit) => `${FOLDER}/${unit}`));
  }
  return units.map((unit) => write(`${FOLDER}/${unit}`, facts.packaged(`systemd/${unit}`)));
}
