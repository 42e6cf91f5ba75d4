import type { Command } from 'commander';
import { define as add } from './commands/add.ts';
import { define as allow } from './commands/allow.ts';
import { define as check } from './commands/check.ts';
import { define as expire } from './commands/expire.ts';
import { define as show } from './commands/show.ts';
import { define as undo } from './commands/undo.ts';
import type { Context } from './context.ts';

/** A module of src/cli/commands/: gives the command its arguments, options, help and action. */
interface CommandModule {
  define(command: Command, context: Context): void;
}

interface CommandEntry {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** Whether it changes entries, which `undo` takes back. */
  readonly isUndoable?: true;
  readonly load: () => CommandModule | Promise<CommandModule>;
}

/**
 * Every command, in the order of the help. Short commands, which scripts run again and again, are
 * part of the program's main file; each other one is loaded when it is run.
 */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'grok',
    usage: '[OPTION…] [FILE…]',
    summary: 'read logs, record offenders',
    isUndoable: true,
    load: () => import('./commands/grok.ts'),
  },
  {
    name: 'watch',
    usage: '[OPTION…] FILE…',
    summary: 'follow live logs, record offenders as the lines come',
    load: () => import('./commands/watch.ts'),
  },
  {
    name: 'parse',
    usage: '[OPTION…] [FILE…]',
    summary: 'what the grammar sees in a log',
    load: () => import('./commands/parse.ts'),
  },
  {
    name: 'add',
    usage: '[OPTION…] PREFIX…',
    summary: 'block by hand',
    isUndoable: true,
    load: () => ({ define: add }),
  },
  {
    name: 'expire',
    usage: '[OPTION…] PREFIX…',
    summary: 'stop blocking now, keep the history',
    isUndoable: true,
    load: () => ({ define: expire }),
  },
  {
    name: 'undo',
    usage: '[OPTION…]',
    summary: 'take back the last command that changed entries',
    load: () => ({ define: undo }),
  },
  {
    name: 'allow',
    usage: '[OPTION…] [PREFIX…]',
    summary: 'protect; without a prefix, list what is protected',
    load: () => ({ define: allow }),
  },
  {
    name: 'show',
    usage: '[OPTION…] [ADDRESS or PREFIX…]',
    summary: 'the entries',
    load: () => ({ define: show }),
  },
  {
    name: 'check',
    usage: '[OPTION…] ADDRESS…',
    summary: 'exit 0 if all are blocked, 1 if not; for scripts',
    load: () => ({ define: check }),
  },
  {
    name: 'explain',
    usage: '[OPTION…] ADDRESS…',
    summary: 'why an address is blocked, or is not',
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'emit',
    usage: '[OPTION…]',
    summary: 'the rules, coalesced, for pf and others',
    load: () => import('./commands/emit.ts'),
  },
  {
    name: 'apply',
    usage: '[OPTION…]',
    summary: 'make the firewall hold exactly the rules',
    load: () => import('./commands/apply.ts'),
  },
  {
    name: 'pf',
    usage: 'add|delete|replace|show|memory [PREFIX…]',
    summary: "pf's table, for whom doas(1) lets run this alone",
    load: () => import('./commands/pf.ts'),
  },
  {
    name: 'import',
    usage: '[OPTION…] [FILE]',
    summary: 'a list of prefixes, or a whole store',
    isUndoable: true,
    load: () => import('./commands/import.ts'),
  },
  {
    name: 'export',
    usage: '[OPTION…]',
    summary: 'the whole store as NDJSON',
    load: () => import('./commands/export.ts'),
  },
  {
    name: 'widen',
    usage: '[OPTION…]',
    summary: 'block the prefix around many blocked neighbours',
    load: () => import('./commands/widen.ts'),
  },
  {
    name: 'feed',
    usage: '[OPTION…] [NAME [SOURCE]]',
    summary: 'block what published lists name',
    load: () => import('./commands/feed.ts'),
  },
  {
    name: 'serve',
    usage: '[OPTION…]',
    summary: "the fleet's API: machines share whom they block",
    load: () => import('./commands/serve.ts'),
  },
  {
    name: 'listen',
    usage: '[OPTION…]',
    summary: 'hear at once whom the other machines block',
    load: () => import('./commands/listen.ts'),
  },
  {
    name: 'sync',
    usage: '[OPTION…]',
    summary: 'report to the fleet, fetch whom the others block',
    load: () => import('./commands/sync.ts'),
  },
  {
    name: 'user',
    usage: 'add|list|passwd|disable|enable|remove [OPTION…] [NAME]',
    summary: 'who may use the API',
    load: () => import('./commands/user.ts'),
  },
  {
    name: 'config',
    usage: '[OPTION…] [check]',
    summary: 'what is in force, and where it was said',
    load: () => import('./commands/config.ts'),
  },
  {
    name: 'grammar',
    usage: '[OPTION…] check FILE…',
    summary: 'test grammar files of your own with their examples',
    load: () => import('./commands/grammar.ts'),
  },
];
