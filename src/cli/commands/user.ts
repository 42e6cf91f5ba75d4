import type { Command } from 'commander';
import type { Expiry } from '../../blocklist/entry.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import { openFleetStore } from '../../engine/fleet-store.ts';
import { McblockError } from '../../errors.ts';
import type { FleetStore } from '../../fleet/fleet-store.ts';
import { hashPassword } from '../../fleet/password.ts';
import { checkUserName, isScope, may, SCOPES, type Scope, type User } from '../../fleet/user.ts';
import { type ChosenPassword, choosePassword } from '../choose-password.ts';
import type { Context } from '../context.ts';
import { fleetLocation } from '../store-location.ts';
import { parseDuration, shortDuration } from '../text/duration.ts';
import { tableLines } from '../text/table.ts';
import { isoTime, shortTime } from '../text/time.ts';

interface AddOptions {
  readonly admin?: true;
  readonly scope?: string;
  readonly widest4?: string;
  readonly widest6?: string;
  readonly longest?: string;
  readonly passwordStdin?: true;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'The users of the fleet. A password is the first line of stdin, or one is made and shown once.',
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock user add gate1 --db fleet.db         a machine; shows its password
  mcblock user add anna --admin < secret.txt   a person, with a password from a file
`,
    );
  withPassword(command.command('add <name>').description('add a user'))
    .option('--admin', 'may do everything')
    .option('--scope <list>', `of ${SCOPES.join(', ')}; with commas`, 'report,read')
    .option('--widest4 <length>', 'the widest IPv4 prefix that the user may have blocked', '8')
    .option('--widest6 <length>', 'the widest IPv6 prefix', '19')
    .option('--longest <time>', 'how long a block by hand may last: 90d, 1y, or forever', '3650d')
    .action((name: string, options: AddOptions) => add(context, name, options));
  command
    .command('list')
    .description('list the users')
    .action(() => list(context));
  withPassword(command.command('passwd <name>').description('give a user another password')).action(
    (name: string, options: AddOptions) => setPassword(context, name, options),
  );
  for (const [word, disabled] of [
    ['disable', true],
    ['enable', false],
  ] as const) {
    command
      .command(`${word} <name>`)
      .description(`${disabled ? 'keep a user out, ' : 'let a user in again, '}whose limits stay`)
      .action((name: string) => setDisabled(context, name, disabled));
  }
  command
    .command('remove <name>')
    .description('remove a user; what the user said is kept')
    .action((name: string) => remove(context, name));
}

/** A user as `user add` makes one unless it is told otherwise. */
export function newUser(
  name: string,
  password: string,
  scopes: readonly Scope[],
  createdAt: number,
): User {
  checkUserName(name);
  const longest = 3650 * DAY_SECONDS;
  return { name, password, scopes, widest4: 8, widest6: 19, longest, disabled: false, createdAt };
}

function withPassword(command: Command): Command {
  return command.option(
    '--password-stdin',
    'read the password from stdin, even where that is neither a pipe nor a file',
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
  await withStore(context, async (store) => {
    if ((await store.user(name)) !== undefined) {
      throw new McblockError('input', `${name} is a user already; see mcblock user passwd`);
    }
    const password = await hashPassword(chosen.password);
    await store.putUser({ ...newUser(name, password, scopes, context.now), ...limits });
  });
  report(context, name, `is a user now, for ${scopes.join(', ')}`, chosen);
}

async function list(context: Context): Promise<void> {
  const users = await withStore(context, (store) => store.users());
  if (context.options.json) {
    context.json(users.map(userJson));
    return;
  }
  const columns = [
    { title: 'NAME', cell: ({ name }: User) => name },
    { title: 'MAY', cell: ({ scopes }: User) => scopes.join(',') },
    { title: 'WIDEST', cell: widestText },
    { title: 'LONGEST', cell: longestText },
    { title: 'SINCE (UTC)', cell: ({ createdAt }: User) => shortTime(createdAt) },
    { title: '', cell: ({ disabled }: User) => (disabled ? 'disabled' : '') },
  ];
  context.lines(tableLines(columns, users));
}

async function setPassword(context: Context, name: string, options: AddOptions): Promise<void> {
  const chosen = choosePassword(options.passwordStdin === true);
  await change(context, name, async (user) => ({
    ...user,
    password: await hashPassword(chosen.password),
  }));
  report(context, name, 'has another password', chosen);
}

async function setDisabled(context: Context, name: string, disabled: boolean): Promise<void> {
  await change(context, name, async (user) => ({ ...user, disabled }));
  report(context, name, disabled ? 'is kept out' : 'is let in');
}

async function remove(context: Context, name: string): Promise<void> {
  const was = await withStore(context, (store) => store.removeUser(name));
  if (!was) throw noUser(name);
  report(context, name, 'is removed');
}

function change(
  context: Context,
  name: string,
  alter: (user: User) => Promise<User>,
): Promise<void> {
  return withStore(context, async (store) => {
    const user = await store.user(name);
    if (user === undefined) throw noUser(name);
    await store.putUser(await alter(user));
  });
}

async function withStore<T>(context: Context, work: (store: FleetStore) => Promise<T>): Promise<T> {
  await context.config();
  const store = await openFleetStore(fleetLocation(context.options.db, context.env));
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
  context.lines([`${name} ${what}`]);
  if (password !== undefined) {
    context.lines([`password: ${password}`]);
    context.remark('The password is shown this once; only a hash of it is kept.');
  }
}

function userJson(user: User): object {
  const { name, scopes, widest4, widest6, longest, disabled, createdAt } = user;
  const seconds = longest === 'forever' ? null : longest;
  return {
    name,
    scopes,
    widest4,
    widest6,
    longestSeconds: seconds,
    disabled,
    createdAt: isoTime(createdAt),
  };
}

function scopesOf(text: string): readonly Scope[] {
  const words = text.split(',').map((word) => {
    if (isScope(word)) return word;
    throw new McblockError(
      'usage',
      `--scope takes ${SCOPES.join(', ')} with commas, not "${word}"`,
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

/** An administrator has no limits. */
function widestText(user: User): string {
  return may(user, 'admin') ? '' : `/${user.widest4} /${user.widest6}`;
}

function longestText(user: User): string {
  if (may(user, 'admin')) return '';
  return user.longest === 'forever' ? 'for ever' : shortDuration(user.longest);
}

function noUser(name: string): McblockError {
  return new McblockError('input', `there is no user ${name}; mcblock user list has them all`);
}
