import { nounText } from '../../count-text.ts';
import { McblockError } from '../../errors.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { isWrittenBySetup } from './digest-line.ts';
import { type Answers, type Configured, type Facts, type Init, USER } from './facts.ts';
import { bsdPlan, bsdRemoval, PF_TABLE_FILE } from './plan-bsd.ts';
import { systemdPlan, systemdRemoval } from './plan-systemd.ts';
import { mcblock, type Plan, removal, run, runIfThere, type Step, type ToDo } from './step.ts';

/** Where the files are on a system. */
interface Paths {
  readonly config: string;
  readonly store: string;
}

/** Older journals say little about who attacks today. */
const JOURNAL_DAYS = 30;

export function pathsOf(init: Init): Paths {
  const isBsd = init === 'freebsd' || init === 'openbsd';
  return {
    config: init === 'freebsd' ? '/usr/local/etc/mcblock.toml' : '/etc/mcblock.toml',
    store: `${isBsd ? '/var/db' : '/var/lib'}/mcblock/mcblock.db`,
  };
}

/**
 * The plan that makes mcblock protect this machine. Throws McblockError('system') if something is
 * missing that setup cannot provide.
 */
export function planSetup(facts: Facts, answers: Answers, configured: Configured): Plan {
  const { init, program } = facts;
  checkSystem(facts, answers);
  const steps = [
    ...configSteps(facts, answers, configured),
    { kind: 'store', path: pathsOf(init).store } as const,
    ...allowSteps(answers),
    ...historySteps(facts, answers),
    mcblock('apply'),
  ];
  if (init === 'systemd') return systemdPlan(facts, configured, steps);
  const name = program ?? 'mcblock';
  if (init === 'freebsd' || init === 'openbsd') {
    const plan = bsdPlan(facts, answers, configured, steps);
    return { ...plan, toDo: [...plan.toDo, ...notifyToDo(name, configured)] };
  }
  return {
    steps,
    toDo: [
      { text: 'Run this at boot, before the network is up', lines: [`${name} apply`] },
      { text: 'Run this as a service', lines: [`${name} watch`] },
      ...fleetToDo(name, configured),
      ...notifyToDo(name, configured),
    ],
  };
}

/**
 * The plan that undoes it. Store, history and user stay.
 * @param table the table of the firewall
 */
export function planRemoval(facts: Facts, table: string): Plan {
  const { init, nft } = facts;
  const { config, store } = pathsOf(init);
  const system =
    init === 'systemd'
      ? systemdRemoval(facts)
      : init === 'other'
        ? { steps: [], toDo: [] }
        : bsdRemoval(facts);
  const firewall =
    facts.firewall === 'pf'
      ? [runIfThere('/sbin/pfctl', '-t', table, '-T', 'kill')]
      : nft === undefined
        ? []
        : [run(nft, 'add', 'table', 'inet', `${table};`, 'delete', 'table', 'inet', table)];
  const steps = [...system.steps, ...firewall, ...removal(facts, config)];
  const folder = store.replace(/\/[^/]*$/, '');
  const user = facts.hasUser && init === 'systemd' ? [`userdel ${USER}`] : [];
  const toDo = [
    ...system.toDo,
    {
      text: 'To remove the history too',
      lines: [`rm -r ${folder}`, ...user],
    },
  ];
  return { steps, toDo };
}

function fleetToDo(name: string, { fleetService }: Configured): ToDo[] {
  if (fleetService === undefined) return [];
  const command = fleetService === 'sync' ? 'sync --every 5m' : 'listen';
  return [{ text: 'Run this as a service too', lines: [`${name} ${command}`] }];
}

/** crontab(1) of root is the owner's. */
function notifyToDo(name: string, { hasNotify }: Configured): ToDo[] {
  if (!hasNotify) return [];
  return [
    {
      text: 'To send the notifications that [notify] chooses, add this line to the crontab(5) of root',
      lines: [`* * * * *  ${name} --quiet notify`],
    },
  ];
}

/** Only characters without special meaning to TOML and newsyslog(8); a pattern is read as one. */
const LOG_NAME = /^\/[\w./@:+,*-]+$/;

function checkSystem(
  { init, firewall, nft, program }: Facts,
  { logs, isAtRotation }: Answers,
): void {
  const odd = logs.find((log) => !LOG_NAME.test(log));
  if (odd !== undefined) {
    throw new McblockError(
      'usage',
      `"${odd}": use an absolute path of letters, digits and ./@:+,*_-`,
    );
  }
  if (isAtRotation && init !== 'freebsd' && init !== 'openbsd') {
    throw new McblockError(
      'usage',
      '--rotated needs newsyslog(8); for logrotate(8) see docs/logs.md',
    );
  }
  if (firewall === 'nft' && nft === undefined) {
    throw new McblockError('system', 'nft: not found; install nftables (apt-get install nftables)');
  }
  if (program === undefined) {
    throw new McblockError(
      'system',
      'mcblock: not found in /usr/local/bin or /usr/bin; see docs/install.md',
    );
  }
  if (init !== 'systemd' && logs.length === 0) {
    throw new McblockError('system', 'no auth.log and no journal found; use --log FILE');
  }
}

function configSteps(
  { init, firewall, nft, text }: Facts,
  { logs }: Answers,
  { hasFirewall, hasLogs }: Configured,
): Step[] {
  const { config } = pathsOf(init);
  const path = nft !== '/usr/sbin/nft' ? `nft = "${nft}"\n` : '';
  const more = firewall === 'pf' ? `file = "${PF_TABLE_FILE}"\n` : path;
  const firewallPart = `[firewall]\nkind = "${firewall}"\n${more}`;
  const logParts = (logs.length === 0 ? ['unit = "*"'] : logs.map((log) => `file = "${log}"`)).map(
    (line) => `[[log]]\n${line}\n`,
  );
  const present = text(config);
  if (present === undefined || isWrittenBySetup(present)) {
    const head = '# See mcblock.toml(5), or docs/configuration.md, for all keys.\n\n';
    const parts = [firewallPart, ...logParts].join('\n');
    return [{ kind: 'write', path: config, text: head + parts, mode: 0o644 }];
  }
  const parts = [...(hasFirewall ? [] : [firewallPart]), ...(hasLogs ? [] : logParts)];
  if (parts.length === 0) return [];
  const gap = present === '' || present.endsWith('\n') ? '\n' : '\n\n';
  const shown = parts.map((part) => part.trim().replace('\n', ' with ').replaceAll('\n', ', '));
  const what = `add ${shown.join(', and ')}`;
  return [{ kind: 'edit', path: config, text: `${present}${gap}${parts.join('\n')}`, what }];
}

function allowSteps({ allow }: Answers): Step[] {
  if (allow.length === 0) return [];
  return [
    mcblock('allow', ...allow.map(formatPrefix), '--note', 'from mcblock setup', '--no-apply'),
  ];
}

function historySteps({ historyOf, hasJournal }: Facts, { logs, isHistoryRead }: Answers): Step[] {
  if (!isHistoryRead) return [];
  if (logs.length === 0) {
    if (!hasJournal) return [];
    const what = `the journal of the last ${JOURNAL_DAYS} days`;
    return [{ kind: 'history', args: ['--journal', '--since', `-${JOURNAL_DAYS}d`], what }];
  }
  const files = logs.flatMap(historyOf);
  if (files.length === 0) return [];
  const rotations = files.filter((file) => !logs.includes(file)).length;
  const older = ` and ${nounText(rotations, 'rotation', 'rotations')}`;
  const what = `${logs.join(', ')}${rotations === 0 ? '' : older}`;
  return [{ kind: 'history', args: files, what }];
}
