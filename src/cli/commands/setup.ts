import type { Command } from 'commander';
import { checkProgram } from '../../engine/doctor/check-system.ts';
import { Host } from '../../engine/host/host.ts';
import { connectedNetworks } from '../../engine/own-addresses.ts';
import {
  carryOut,
  carryOutAll,
  type PreparedStep,
  prepareSteps,
  type SetupTools,
} from '../../engine/setup/carry-out.ts';
import { isWrittenBySetup } from '../../engine/setup/digest-line.ts';
import {
  type Answers,
  type Configured,
  type Facts,
  factsOf,
  suggestedAllowList,
} from '../../engine/setup/facts.ts';
import { pathsOf, planRemoval, planSetup } from '../../engine/setup/plan.ts';
import type { ToDo } from '../../engine/setup/step.ts';
import { McblockError } from '../../errors.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import type { Config } from '../config/config.ts';
import { namesFirewall } from '../config/firewall-settings.ts';
import { hasNotifyTarget } from '../config/notify-target.ts';
import { ask, confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { sessionProtections } from '../ssh-session.ts';
import { parsePrefixes } from '../text/prefixes.ts';

const JOURNAL = 'journal';
const SECRETS = ['fleet.password-file', 'fleet.key', 'pubsub.key', 'pubsub.signing-key'] as const;

interface SetupOptions {
  readonly allow?: readonly string[] | false;
  readonly log?: readonly string[];
  readonly rotated?: true;
  readonly history: boolean;
  readonly dryRun?: true;
  readonly remove?: true;
  readonly force?: true;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Sets up this machine: writes the configuration, fills the allow-list, updates the firewall, and installs the service or hook that reads the logs, and the one that exchanges bans where a fleet is configured. Shows its steps and asks before the first, and again before it records what the logs already hold. Can be run again, and undone with --remove, which keeps the history. Works on Linux with systemd, FreeBSD and OpenBSD; elsewhere it prints what is left to do.',
    )
    .option(
      '--allow <prefix...>',
      'never block these (default: the address that you come from, and the private networks of this host)',
    )
    .option('--no-allow', 'leave the allow-list as it is')
    .option(
      '--log <file...>',
      'the logs to follow, which may be patterns with *, or "journal" (default: those of [[log]], else auth.log, else the journal)',
    )
    .option('--rotated', 'read the log when newsyslog(8) rotates it, instead of following it (BSD)')
    .option('--no-history', 'do not read what the logs already hold')
    .option('--dry-run', 'show what would be done')
    .option('--remove', 'undo what setup did; keep the history')
    .option('--force', 'replace or remove files that were changed by hand; keep copies of them')
    .addHelpText(
      'after',
      `
Examples:
  mcblock setup                                  ask first
  mcblock setup --yes --allow 198.51.100.0/24    do not ask
  mcblock setup --dry-run                        only show the steps
  mcblock setup --remove
`,
    )
    .action((options: SetupOptions) => setup(context, options));
}

async function setup(context: Context, options: SetupOptions): Promise<void> {
  const host = context.host ?? new Host();
  const [client] = sessionProtections(context.env);
  const facts = await factsOf(host, connectedNetworks(), client?.prefix, context.env['SUDO_USER']);
  checkPaths(context, facts, options);
  const config = await context.config();
  const { config: usual } = pathsOf(facts.init);
  if (config.file !== undefined && config.file !== usual) {
    throw new McblockError('config', `move ${config.file} to ${usual}, where the services read it`);
  }
  if (options.remove) {
    const { steps, toDo } = planRemoval(facts, config.get('firewall.table'));
    const prepared = prepareSteps(host, steps, options.force ?? false);
    if (!(await isWanted(context, options, prepared, toDo))) return;
    context.mustFinish();
    if (!(await carryOutAll(host, prepared, toolsOf(context, facts)))) context.exit(1);
    context.lines(toDoLines(toDo));
    return;
  }
  const given = await answersOf(context, facts, config, options);
  const { steps, toDo } = planSetup(facts, given, configuredOf(config));
  const prepared = prepareSteps(host, steps, options.force ?? false);
  if (!(await isWanted(context, options, prepared, toDo))) return;
  context.mustFinish();
  // Services must be able to enter the new folders.
  process.umask(0o022);
  const tools = toolsOf(context, facts);
  await carryOut(host, prepared, tools);
  context.lines(['', ...toDoLines(toDo), ...(toDo.length > 0 ? [''] : [])]);
  await tools.mcblock(['status']);
}

/** `listen` does what `sync` does, and at once. */
function configuredOf(config: Config): Configured {
  const isPubSub = config.get('pubsub.address') !== '';
  const fleetService = isPubSub ? 'listen' : config.get('fleet.url') === '' ? undefined : 'sync';
  const hasNotify = hasNotifyTarget(config);
  const keys = [
    ...(fleetService === undefined ? [] : SECRETS),
    ...(hasNotify ? (['notify.token-file'] as const) : []),
  ];
  const secrets = new Set(keys.map((key) => config.get(key)).filter((file) => file !== ''));
  return {
    hasFirewall: namesFirewall(config),
    hasLogs: config.get('log').length > 0,
    fleetService,
    hasProbe: config.get('probe.ports').length > 0 || config.get('probe.redirect') > 0,
    hasNotify,
    secrets: [...secrets],
  };
}

/** Services use one store and one configuration, and run the program as another user. */
function checkPaths({ options: common }: Context, { init }: Facts, { dryRun }: SetupOptions): void {
  const { store, config } = pathsOf(init);
  if ((common.db ?? store) !== store || (common.config ?? config) !== config) {
    throw new McblockError(
      'usage',
      `setup uses the store ${store} and the configuration ${config}; leave out --db and --config, and unset MCBLOCK_DB and MCBLOCK_CONFIG`,
    );
  }
  if (dryRun) return;
  if (common.json) throw new McblockError('usage', '--json needs --dry-run');
  if (process.geteuid?.() !== 0) throw new McblockError('usage', 'run setup as root');
  const program = checkProgram(import.meta.filename);
  if (init === 'systemd' && program.state !== 'ok') {
    throw new McblockError('system', `${program.text}; ${program.advice}`);
  }
}

async function answersOf(
  { options: { yes } }: Context,
  facts: Facts,
  config: Config,
  options: SetupOptions,
): Promise<Answers> {
  const isAsked = !(yes || options.dryRun);
  const answer = async (question: string, usual: readonly string[], none: string) => {
    const text = usual.join(' ') || none;
    const words = (isAsked ? await ask(question, text) : text).split(/[\s,]+/);
    return words.filter((word) => word !== none);
  };
  const suggested = suggestedAllowList(facts).map(formatPrefix);
  const allow =
    options.allow === false
      ? []
      : (options.allow ??
        (await answer('Addresses and networks never to block:', suggested, 'none')));
  const configured = config.get('log');
  const file = pathsOf(facts.init).config;
  const isOwners = configured.length > 0 && !isWrittenBySetup(facts.text(file) ?? '');
  if (isOwners && options.log !== undefined) {
    throw new McblockError('usage', `${file} has [[log]]: change it there, and leave out --log`);
  }
  const found = facts.authLog === undefined ? [] : [facts.authLog];
  const usual =
    configured.length === 0 ? found : configured.map((log) => log.file).filter((log) => log !== '');
  const ownLogs = async () => {
    const logs = options.log?.filter((log) => log !== JOURNAL);
    return logs ?? (await answer(`Logs to follow, or ${JOURNAL}:`, usual, JOURNAL));
  };
  return {
    allow: parsePrefixes(allow),
    logs: isOwners ? usual : await ownLogs(),
    isAtRotation: options.rotated ?? false,
    isHistoryRead: options.history,
  };
}

/** Shows the steps and asks. Returns false if nothing is to be done. */
async function isWanted(
  context: Context,
  { dryRun }: SetupOptions,
  steps: readonly PreparedStep[],
  toDo: readonly ToDo[],
): Promise<boolean> {
  const { json, yes } = context.options;
  if (yes && !dryRun) return true;
  if (json) {
    context.json({ steps: steps.map(({ text, isDone }) => ({ text, isDone })), toDo });
    return false;
  }
  context.lines(steps.map(({ text }) => `  ${text}`));
  if (dryRun) {
    context.lines(toDoLines(toDo));
    return false;
  }
  if (await confirm('Proceed?')) return true;
  context.remark('nothing changed');
  return false;
}

function toolsOf(context: Context, facts: Facts): SetupTools {
  const { store, config } = pathsOf(facts.init);
  const { yes, quiet } = context.options;
  const common = ['--db', store, '--config', config];
  if (yes) common.push('--yes');
  if (quiet) common.push('--quiet');
  return {
    mcblock: (args) => context.run([...common, ...args]),
    confirm: async (question) => yes ?? (await confirm(question)),
    say: (text) => context.remark(text),
  };
}

function toDoLines(toDo: readonly ToDo[]): string[] {
  return toDo.flatMap(({ text, lines }) => [`${text}:`, ...lines.map((line) => `  ${line}`)]);
}
