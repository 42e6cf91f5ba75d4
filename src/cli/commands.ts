import type { Command } from 'commander';
import { define as check } from './commands/check.ts';
import { define as show } from './commands/show.ts';
import type { Context } from './context.ts';

/** A module of src/cli/commands/: gives the command its arguments, options, help and action. */
interface CommandModule {
  define(command: Command, context: Context): void;
}

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Whether `undo` can undo it. */
  readonly isUndoable?: true;
  readonly load: () => CommandModule | Promise<CommandModule>;
}

/**
 * Every command, in the order of the help. Those that only read, and that scripts run again and again,
 * are part of the program's main file; each other one is loaded when it is run.
 */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'setup',
    summary: 'set up this machine, or undo it',
    load: () => import('./commands/setup.ts'),
  },
  {
    name: 'grok',
    summary: 'read logs and record offenders',
    isUndoable: true,
    load: () => import('./commands/grok.ts'),
  },
  {
    name: 'watch',
    summary: 'follow live logs and record offenders',
    load: () => import('./commands/watch.ts'),
  },
  {
    name: 'probe',
    summary: 'record who connects to ports where nothing listens',
    load: () => import('./commands/probe.ts'),
  },
  {
    name: 'rehearse',
    summary: 'show what a policy would have done with logs',
    load: () => import('./commands/rehearse.ts'),
  },
  {
    name: 'policy',
    summary: 'show which rules of the policy apply',
    load: () => import('./commands/policy.ts'),
  },
  {
    name: 'parse',
    summary: 'show how the grammar reads a log',
    load: () => import('./commands/parse.ts'),
  },
  {
    name: 'add',
    summary: 'block prefixes by hand',
    isUndoable: true,
    load: () => import('./commands/add.ts'),
  },
  {
    name: 'expire',
    summary: 'stop blocking, keep the history',
    isUndoable: true,
    load: () => import('./commands/expire.ts'),
  },
  {
    name: 'forget',
    summary: 'remove entries and their penalties',
    isUndoable: true,
    load: () => import('./commands/forget.ts'),
  },
  {
    name: 'share',
    summary: 'share entries with the fleet',
    isUndoable: true,
    load: () => import('./commands/share.ts'),
  },
  {
    name: 'undo',
    summary: 'undo the last commands that changed entries',
    load: () => import('./commands/undo.ts'),
  },
  {
    name: 'allow',
    summary: 'add to, remove from or list the allow-list',
    isUndoable: true,
    load: () => import('./commands/allow.ts'),
  },
  {
    name: 'show',
    summary: 'show entries',
    load: () => ({ define: show }),
  },
  {
    name: 'check',
    summary: 'test whether addresses are on the blocklist',
    load: () => ({ define: check }),
  },
  {
    name: 'explain',
    summary: 'show why an address is on the blocklist or not',
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'history',
    summary: 'show who changed what, when and by which command',
    load: () => import('./commands/history.ts'),
  },
  {
    name: 'stats',
    summary: 'show offenders, services and activations by day',
    load: () => import('./commands/stats.ts'),
  },
  {
    name: 'report',
    summary: 'print a digest to mail',
    load: () => import('./commands/report.ts'),
  },
  {
    name: 'notify',
    summary: 'send notifications of chosen events',
    load: () => import('./commands/notify.ts'),
  },
  {
    name: 'metrics',
    summary: 'print metrics for Prometheus',
    load: () => import('./commands/metrics.ts'),
  },
  {
    name: 'advise',
    summary: 'suggest what to do about persistent offenders',
    load: () => import('./commands/advise.ts'),
  },
  {
    name: 'map',
    summary: 'draw the blocked IPv4 space',
    load: () => import('./commands/map.ts'),
  },
  {
    name: 'emit',
    summary: 'print the rules for pf, nftables and others',
    load: () => import('./commands/emit.ts'),
  },
  {
    name: 'apply',
    summary: 'bring the firewall up to date',
    load: () => import('./commands/apply.ts'),
  },
  {
    name: 'pf',
    summary: 'change the pf table through doas(1) or sudo(8)',
    load: () => import('./commands/pf.ts'),
  },
  {
    name: 'import',
    summary: 'import a list of prefixes or an exported store',
    isUndoable: true,
    load: () => import('./commands/import.ts'),
  },
  {
    name: 'export',
    summary: 'export the store as NDJSON',
    load: () => import('./commands/export.ts'),
  },
  {
    name: 'widen',
    summary: 'block prefixes in which many networks are blocked',
    isUndoable: true,
    load: () => import('./commands/widen.ts'),
  },
  {
    name: 'feed',
    summary: 'block what published lists contain',
    load: () => import('./commands/feed.ts'),
  },
  {
    name: 'serve',
    summary: "run the fleet's API server",
    load: () => import('./commands/serve.ts'),
  },
  {
    name: 'listen',
    summary: 'receive bans over Redis pub/sub',
    load: () => import('./commands/listen.ts'),
  },
  {
    name: 'sync',
    summary: 'exchange bans with the fleet',
    load: () => import('./commands/sync.ts'),
  },
  {
    name: 'user',
    summary: 'manage the users of the API',
    load: () => import('./commands/user.ts'),
  },
  {
    name: 'key',
    summary: 'make, show or replace the key of this machine',
    load: () => import('./commands/key.ts'),
  },
  {
    name: 'config',
    summary: 'show or check the configuration',
    load: () => import('./commands/config.ts'),
  },
  {
    name: 'status',
    summary: 'show the state in a few lines',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'doctor',
    summary: 'check that everything works',
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'grammar',
    summary: 'list the services, draft and test grammars',
    load: () => import('./commands/grammar.ts'),
  },
  {
    name: 'completion',
    summary: 'print the completion script of a shell',
    load: () => import('./commands/completion.ts'),
  },
];
