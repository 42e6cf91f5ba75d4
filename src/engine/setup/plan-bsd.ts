import { McblockError } from '../../errors.ts';
import { readNewsyslogLine } from '../host/newsyslog.ts';
import { isWrittenBySetup } from './digest-line.ts';
import type { Answers, Configured, Facts } from './facts.ts';
import {
  mcblock,
  type Plan,
  removal,
  run,
  runIfThere,
  type Step,
  type ToDo,
  write,
} from './step.ts';

const DAEMON = 'mcblock_watch';
const SYNC = 'mcblock_sync';
const HOOK = '/usr/local/libexec/mcblock-rotated';
const NEWSYSLOG = '/etc/newsyslog.conf';
const PF_CONF = '/etc/pf.conf';
const OWN_PF_CONF = '/etc/pf.mcblock.conf';
export const PF_TABLE_FILE = '/etc/pf.blocked';
const INCLUDE = `include "${OWN_PF_CONF}"`;
const SERVICE = '/usr/sbin/service';
const SYSRC = '/usr/sbin/sysrc';
const RCCTL = '/usr/sbin/rcctl';

/** Setup never changes pf.conf: it writes a file for it to include. */
export function bsdPlan(
  facts: Facts,
  answers: Answers,
  { fleetService, hasProbe }: Configured,
  common: readonly Step[],
): Plan {
  const steps = [
    ...(isInOwnRules(facts) ? [] : [write(OWN_PF_CONF, pfRules())]),
    ...common,
    mcblock('emit', '--output', PF_TABLE_FILE),
    ...(answers.isAtRotation
      ? [...daemonRemoval(facts), ...rotationSteps(facts, answers)]
      : [...hookRemoval(facts), ...daemonSteps(facts)]),
    ...(fleetService === 'sync' ? syncSteps(facts) : []),
  ];
  const toDo = [
    ...(isInPfConf(facts) ? [] : [toInclude()]),
    ...(fleetService === 'listen' ? [toStart(facts, 'listen', 'For bans over Redis')] : []),
    ...(hasProbe ? [toStart(facts, 'probe', 'For the ports of [probe]')] : []),
  ];
  return { steps, toDo };
}

export function bsdRemoval(facts: Facts): Plan {
  const steps = [...daemonRemoval(facts), ...daemonRemoval(facts, SYNC), ...hookRemoval(facts)];
  if (!facts.text(PF_CONF)?.includes(INCLUDE)) {
    const table = run('/bin/rm', '-f', PF_TABLE_FILE);
    return { steps: [...steps, ...removal(facts, OWN_PF_CONF), table], toDo: [] };
  }
  const lines = [`pfctl -f ${PF_CONF}`, `rm ${OWN_PF_CONF} ${PF_TABLE_FILE}`];
  return {
    steps,
    toDo: [{ text: `Remove the line ${INCLUDE} from ${PF_CONF}, and run`, lines }],
  };
}

/** The daemon becomes another user, who needs a helper: that is for the owner to decide. */
function toStart({ init }: Facts, command: 'listen' | 'probe', what: string): ToDo {
  const daemon = `mcblock_${command}`;
  const lines =
    init === 'freebsd'
      ? [`sysrc ${daemon}_enable=YES`, `service ${daemon} start`]
      : [`rcctl enable ${daemon}`, `rcctl start ${daemon}`];
  return { text: `${what}, follow "Without root" in docs/firewall.md, and run`, lines };
}

function daemonRemoval(facts: Facts, daemon = DAEMON): Step[] {
  const script = rcScript(facts, daemon);
  if (facts.text(script) === undefined) return [];
  const stop =
    facts.init === 'freebsd'
      ? [
          runIfThere(SERVICE, daemon, 'onestop'),
          runIfThere(SYSRC, '-x', `${daemon}_enable`),
          ...(daemon === DAEMON ? [runIfThere(SYSRC, '-x', `${DAEMON}_logs`)] : []),
        ]
      : [runIfThere(RCCTL, 'stop', daemon), runIfThere(RCCTL, 'disable', daemon)];
  return [...stop, ...removal(facts, script)];
}

function hookRemoval(facts: Facts): Step[] {
  return [...newsyslogSteps(facts, withoutHook), ...removal(facts, HOOK)];
}

function pfRules(): string {
  return `# Included by ${PF_CONF}.
table <mcblock> persist file "${PF_TABLE_FILE}"
block drop in quick from <mcblock>
`;
}

function toInclude(): ToDo {
  return {
    text: `Add this line to ${PF_CONF}, before the first rule that passes packets, and run pfctl -f ${PF_CONF}`,
    lines: [INCLUDE],
  };
}

/** Whether pf.conf itself defines the table. */
function isInOwnRules({ text }: Facts): boolean {
  return /^\s*table\s+<mcblock>/m.test(text(PF_CONF) ?? '');
}

function isInPfConf(facts: Facts): boolean {
  return isInOwnRules(facts) || (facts.text(PF_CONF)?.includes(INCLUDE) ?? false);
}

function rcScript({ init }: Facts, daemon: string): string {
  return `${init === 'freebsd' ? '/usr/local' : ''}/etc/rc.d/${daemon}`;
}

function scriptSteps(facts: Facts, daemon: string): Step[] {
  const file = facts.init === 'freebsd' ? `freebsd/files/${daemon}.in` : `openbsd/pkg/${daemon}.rc`;
  return writeUnlessPackaged(facts, rcScript(facts, daemon), file);
}

function syncSteps(facts: Facts): Step[] {
  const start =
    facts.init === 'freebsd'
      ? [run(SYSRC, `${SYNC}_enable=YES`), run(SERVICE, SYNC, 'restart')]
      : [run(RCCTL, 'enable', SYNC), run(RCCTL, 'restart', SYNC)];
  return [...scriptSteps(facts, SYNC), ...start];
}

function daemonSteps(facts: Facts): Step[] {
  const steps = scriptSteps(facts, DAEMON);
  return facts.init === 'freebsd'
    ? [
        ...steps,
        run(SYSRC, `${DAEMON}_enable=YES`),
        // What setup set before logs were named in the configuration.
        runIfThere(SYSRC, '-x', `${DAEMON}_logs`),
        run(SERVICE, DAEMON, 'restart'),
      ]
    : [
        ...steps,
        run(RCCTL, 'enable', DAEMON),
        // Without flags: their default.
        run(RCCTL, 'set', DAEMON, 'flags'),
        run(RCCTL, 'restart', DAEMON),
      ];
}

/** A port installs its scripts itself. */
function writeUnlessPackaged({ text, packaged }: Facts, path: string, name: string): Step[] {
  const present = text(path);
  if (present !== undefined && !isWrittenBySetup(present)) return [];
  return [write(path, packaged(name), 0o555)];
}

function rotationSteps(facts: Facts, { logs }: Answers): Step[] {
  const lines = facts.text(NEWSYSLOG)?.split('\n') ?? [];
  const rotated = new Set(lines.map((line) => readNewsyslogLine(line)?.log));
  const missing = logs.find((log) => !rotated.has(log));
  if (missing !== undefined) {
    throw new McblockError(
      'system',
      `${NEWSYSLOG} has no line for ${missing}; add one, or leave out --rotated`,
    );
  }
  const hook = writeUnlessPackaged(facts, HOOK, 'libexec/mcblock-rotated');
  return [...hook, ...newsyslogSteps(facts, (line) => withHook(facts, line, logs))];
}

function newsyslogSteps({ text }: Facts, change: (line: string) => string): Step[] {
  const before = text(NEWSYSLOG);
  if (before === undefined) return [];
  const lines = before.split('\n');
  const after = lines.map(change);
  const changed = after.filter((line, index) => line !== lines[index]);
  if (changed.length === 0) return [];
  return [{ kind: 'edit', path: NEWSYSLOG, text: after.join('\n'), what: changed.join(', ') }];
}

/** The script signals syslogd itself, because newsyslog then does not. */
function withHook({ init }: Facts, line: string, logs: readonly string[]): string {
  const read = readNewsyslogLine(line);
  if (read === undefined || !logs.includes(read.log)) return line;
  if (init === 'openbsd') {
    const hook = `"${HOOK}"`;
    return read.rest === hook ? line : `${read.head}  ${read.flags || '-'}  ${hook}`;
  }
  if (read.rest.includes(HOOK)) return line;
  return `${read.head}  ${read.flags.replace(/[R-]/g, '')}R  ${HOOK}`;
}

function withoutHook(line: string): string {
  const read = readNewsyslogLine(line);
  if (read === undefined || !read.rest.includes(HOOK)) return line;
  const flags = read.rest.startsWith('"') ? read.flags : read.flags.replace('R', '');
  return `${read.head}  ${flags}`.trimEnd();
}
