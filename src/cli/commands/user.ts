import type { Command } from 'commander';
import type { Expiry } from '../../blocklist/entry.ts';
import { DEFAULT_POLICY } from '../../blocklist/policy.ts';
import { openFleetStore } from '../../engine/fleet-store.ts';
import { McblockError } from '../../errors.ts';
import type { FleetStore } from '../../fleet/fleet-store.ts';
import {
  checkUserName,
  isScope,
  SCOPES,
  type Scope,
  type User,
  type UserChange,
} from '../../fleet/user.ts';
import { type ChosenPassword, choosePassword, hashChosen } from '../choose-password.ts';
import type { Context } from '../context.ts';
import { fleetLocation } from '../store-location.ts';
import { parseDuration, shortDuration } from '../text/duration.ts';
import { userColumns, userJson } from '../text/user-text.ts';

interface AddOptions {
  readonly admin?: true;
  readonly scope?: string;
  readonly widest4?: string;
  readonly widest6?: string;
  readonly longest?: string;
  readonly passwordStdin?: true;
}

/** What one machine may do to the fleet, unless it is told otherwise. */
const LIMITS = DEFAULT_POLICY.limits.user;

export function define(command: Command, context: Context): void {
  command
    .description(
      'Manages the users of the fleet. The password is the first line of standard input, if that is a pipe or file; otherwise one is generated and printed once.',
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock user add gate1 --db fleet.db         a machine; prints its password
  mcblock user add anna --admin < secret.txt   a person, with a password from a file
`,
    );
  withPassword(command.command('add <name>').description('add a user'))
    .option('--admin', 'grant all permissions')
    .option(
      '--scope <list>',
      `permissions, separated by commas: ${SCOPES.join(', ')}`,
      'report,read',
    )
    .option(
      '--widest4 <length>',
      'shortest length of IPv4 prefixes that the user may block',
      String(LIMITS.widest4),
    )
    .option('--widest6 <length>', 'the same for IPv6', String(LIMITS.widest6))
    .option(
      '--longest <time>',
      'longest block by hand: 90d, 1y or forever',
      shortDuration(LIMITS.longestSeconds),
    )
    .action((name: string, options: AddOptions) => add(context, name, options));
  command
    .command('list')
    .description('list the users')
    .action(() => list(context));
  withPassword(
    command.command('passwd <name>').description('change the password of a user'),
  ).action((name: string, options: AddOptions) => setPassword(context, name, options));
  for (const [word, disabled] of [
    ['disable', true],
    ['enable', false],
  ] as const) {
    command
      .command(`${word} <name>`)
      .description(`${word} a user, keeping password and limits`)
      .action((name: string) => setDisabled(context, name, disabled));
  }
  command
    .command('remove <name>')
    .description('remove a user, keeping their reports')
    .action((name: string) => remove(context, name));
}

/** A user with the defaults of `user add`. */
export function newUser(
  name: string,
  password: string,
  scopes: readonly Scope[],
  createdAt: number,
): User {
  checkUserName(name);
  const { widest4, widest6, longestSeconds: longest } = LIMITS;
  const limits = { widest4, widest6, longest };
  return { name, password, scopes, ...limits, disabled: false, createdAt };
}

function withPassword(command: Command): Command {
  return command.option(
    '--password-stdin',
    'read the password from standard input even if that is a terminal',
  );
}

async function add(context: Context, name: string, options: AddOptions): Promise<void> {
  const scopes = options.admin ? (['admin'] as const) : scopesOf(options.scope ?? '');
  const limits = {
    widest4: lengthOf(options.widest4, '--widest4', 32),
    widest6: lengthOf(options.widest6, '--widest6', 128),
    longest: longestOf(options.longest ?? ''),
  };
  checkUserName(name);
  const chosen = choosePassword(options.passwordStdin === true);
  await withStore(context, false, async (store) => {
    if ((await store.user(name)) !== undefined) {
      throw new McblockError(
        'input',
        `user ${name} exists; use mcblock user passwd to change the password`,
      );
    }
    const password = await hashChosen(chosen);
    await store.putUser({ ...newUser(name, password, scopes, context.now), ...limits });
  });
  report(context, name, `user ${name} added (scopes: ${scopes.join(', ')})`, chosen);
}

async function list(context: Context): Promise<void> {
  const [users, keys] = await withStore(context, true, async (store) => [
    await store.users(),
    new Map((await store.keys()).map((key) => [key.name, key])),
  ]);
  if (context.options.json) {
    context.json(users.map((user) => userJson(user, keys.get(user.name))));
    return;
  }
  context.table(userColumns(keys), users);
}

async function setPassword(context: Context, name: string, options: AddOptions): Promise<void> {
  const chosen = choosePassword(options.passwordStdin === true);
  await change(context, name, { password: await hashChosen(chosen) });
  report(context, name, `password of ${name} changed`, chosen);
}

async function setDisabled(context: Context, name: string, disabled: boolean): Promise<void> {
  await change(context, name, { disabled });
  report(context, name, `${name} ${disabled ? 'disabled' : 'enabled'}`);
}

async function remove(context: Context, name: string): Promise<void> {
  const was = await withStore(context, true, (store) => store.removeUser(name));
  if (!was) throw noUser(name);
  report(context, name, `user ${name} removed`);
}

async function change(context: Context, name: string, what: UserChange): Promise<void> {
  const exists = await withStore(context, true, (store) => store.changeUser(name, what));
  if (!exists) throw noUser(name);
}

async function withStore<T>(
  context: Context,
  mustExist: boolean,
  work: (store: FleetStore) => Promise<T>,
): Promise<T> {
  await context.config();
  const store = await openFleetStore(fleetLocation(context.options.db, context.env), mustExist);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

function report(context: Context, name: string, what: string, chosen?: ChosenPassword): void {
  const password = chosen?.isMade ? chosen.password : undefined;
  if (context.options.json) {
    context.json({ name, ...(password !== undefined && { password }) });
    return;
  }
  context.lines([what]);
  if (password !== undefined) {
    context.lines([`password: ${password}`]);
    context.remark('only a hash of the password is stored; it cannot be shown again');
  }
}

function scopesOf(text: string): readonly Scope[] {
  const words = text.split(',').map((word) => {
    if (isScope(word)) return word;
    throw new McblockError(
      'usage',
      `--scope takes ${SCOPES.join(', ')}, separated by commas, not "${word}"`,
    );
  });
  const scopes = new Set(words);
  return SCOPES.filter((scope) => scopes.has(scope));
}

function lengthOf(text: string | undefined, option: string, most: number): number {
  const length = /^\d{1,3}$/.test(text ?? '') ? Number(text) : 0;
  if (length >= 1 && length <= most) return length;
  throw new McblockError('usage', `${option} takes a prefix length from 1 to ${most}`);
}

function longestOf(text: string): Expiry {
  return text === 'forever' ? text : parseDuration(text, '--longest');
}

function noUser(name: string): McblockError {
  return new McblockError('input', `no user ${name}`);
}
