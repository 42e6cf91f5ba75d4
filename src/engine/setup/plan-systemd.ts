import { McblockError } from '../../errors.ts';
import { type Answers, type Facts, USER } from './facts.ts';
import { type Plan, removal, run, type Step, write } from './step.ts';

const APPLY = 'mcblock-apply.service';
const WATCH = 'mcblock-watch.service';
const FOLDER = '/etc/systemd/system';
const OWN_UNITS = [APPLY, WATCH].map((unit) => `${FOLDER}/${unit}`);
const SYSTEMCTL = '/usr/bin/systemctl';
/** A drop-in that makes the unit follow logs instead of the journal. */
const DROP_IN = `${FOLDER}/${WATCH}.d/log.conf`;
const STATE = '/var/lib/mcblock';

/** The units run as their own user, who owns the store. */
export function systemdPlan(facts: Facts, { logs }: Answers, common: readonly Step[]): Plan {
  const steps = [
    ...(facts.hasUser ? [] : [addUser()]),
    ...unitSteps(facts),
    ...(logs.length === 0 ? removal(facts, DROP_IN) : [write(DROP_IN, dropIn(facts, logs))]),
    ...common,
    run('/usr/bin/chown', '-R', `${USER}:`, STATE),
    run(SYSTEMCTL, 'daemon-reload'),
    run(SYSTEMCTL, 'enable', APPLY, WATCH),
    run(SYSTEMCTL, 'restart', WATCH),
  ];
  return { steps, toDo: [] };
}

/** Units of a package stay, but are disabled. */
export function systemdRemoval(facts: Facts): Plan {
  const isInstalled =
    facts.unitFolder !== undefined || OWN_UNITS.some((path) => facts.text(path) !== undefined);
  if (!isInstalled) return { steps: [], toDo: [] };
  const files = removal(facts, ...OWN_UNITS, DROP_IN);
  const steps = [
    run(SYSTEMCTL, 'disable', '--now', WATCH, APPLY),
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
function unitSteps(facts: Facts): Step[] {
  if (facts.unitFolder !== undefined) return removal(facts, ...OWN_UNITS);
  return [APPLY, WATCH].map((unit) =>
    write(`${FOLDER}/${unit}`, facts.packaged(`systemd/${unit}`)),
  );
}

function dropIn({ unitFolder, packaged, text }: Facts, logs: readonly string[]): string {
  const unit =
    unitFolder === undefined ? packaged(`systemd/${WATCH}`) : text(`${unitFolder}/${WATCH}`);
  const [, command] = /^ExecStart=(.*) --journal$/m.exec(unit ?? '') ?? [];
  if (command === undefined) {
    throw new McblockError('system', `${WATCH} follows no journal; use --log journal`);
  }
  return `[Service]\nExecStart=\nExecStart=${command} ${logs.join(' ')}\n`;
}
