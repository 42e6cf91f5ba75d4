import { type Argument, Command, CommanderError, Option } from 'commander';
import { McblockError } from '../errors.ts';
import { COMMANDS } from './commands.ts';
import { type CommandLineText, type CommonOptions, Context, type Environment } from './context.ts';
import { lastingSink, ReaderGone, type Sink } from './sink.ts';
import { printable } from './text/printable.ts';
import { wrapLines } from './text/wrap.ts';
import { commandsToLoad, wantedCommand, withHelpOption } from './wanted-command.ts';

/** Runs one command line (without node and script) and returns its exit code; never throws. */
export async function main(argv: readonly string[], given: Environment): Promise<number> {
  // Whoever reads the messages or not, the command goes on, and its exit code says how it ended.
  const stderr = lastingSink(given.stderr);
  const environment = { ...given, stderr };
  let exitCode = 0;
  const program = programOf(environment);
  const context = new Context(
    { ...environment, run: (other) => main(other, environment) },
    () => program.opts<CommonOptions>(),
    (code) => {
      exitCode = code;
    },
    commandText(argv),
  );
  try {
    await addCommands(program, context, commandsToLoad(argv));
    await program.parseAsync(withHelpOption(argv, isCommand), { from: 'user' });
    context.requireOutput();
    return exitCode;
  } catch (error) {
    if (error instanceof ReaderGone) return exitCode;
    // Commander has already printed the error; help and version are not failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof McblockError) {
      const message = error.message.split('\n').map(printable).join('\n');
      stderr.write(fitting(`mcblock: ${message}\n`, stderr));
      return error.exitCode;
    }
    const unexpected = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stderr.write(`mcblock: internal error: ${unexpected}\n`);
    return 1;
  } finally {
    context.close();
  }
}

/** The command line without its commands: the options common to all, and the help. */
export function programOf({ stdout, stderr, version }: Environment): Command {
  return new Command('mcblock')
    .description('Reads logs, remembers offenders and blocks them with pf or nftables.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .usage('COMMAND [OPTION...]')
    .configureHelp({
      subcommandTerm: (command) =>
        [command.name(), ...command.registeredArguments.map(argumentText)].join(' '),
    })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(fitting(text, stdout)),
      writeErr: (text) => stderr.write(fitting(text, stderr)),
      outputError: (text, write) => write(`mcblock: ${usageText(text)}\n`),
      getOutHelpWidth: () => Math.min(stdout.columns ?? 80, 100),
      getErrHelpWidth: () => Math.min(stderr.columns ?? 80, 100),
    })
    .showHelpAfterError('try "mcblock --help"')
    .addOption(new Option('--db <file>', 'store').env('MCBLOCK_DB'))
    .addOption(new Option('--config <file>', 'configuration file').env('MCBLOCK_CONFIG'))
    .option('--now <time>', 'act as if it were this time, as in 2026-03-24T18:00Z')
    .option('--json', 'print results as JSON')
    .option('-q, --quiet', 'print errors only; no reports from grok, watch, check or sync')
    .option('-v, --verbose', 'print more detail')
    .option(
      '--yes',
      'do not ask; accept a system clock that is far ahead of the latest time recorded',
    )
    .option('--no-color', 'no colours (env: NO_COLOR)')
    .addHelpText('after', EXAMPLES);
}

/** A text in lines that fit the terminal. */
function fitting(text: string, { columns }: Sink): string {
  return columns === undefined ? text : wrapLines(text, columns, 0);
}

/** What other programs of this kind call our commands. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ban: 'add',
  block: 'add',
  unban: 'expire',
  unblock: 'expire',
  list: 'show',
  remove: 'expire or forget',
  delete: 'expire or forget',
  whitelist: 'allow',
  ignoreip: 'allow',
  reload: 'apply',
};

/** Commander's error in our form: one line, lower case, double quotes, no full stop. */
function usageText(error: string): string {
  const text = error.trim().replace(/^error: /, '');
  const [, unknown = ''] = /^unknown command '(.*?)'/.exec(text) ?? [];
  const meant = Object.hasOwn(OTHER_NAMES, unknown) ? OTHER_NAMES[unknown] : undefined;
  if (meant !== undefined) return `unknown command "${unknown}"; did you mean ${meant}?`;
  return text
    .replace(/\n\(Did you mean (.+)\?\)$/, '; did you mean $1?')
    .replace(/\. (\w)/, (_, letter: string) => `: ${letter.toLowerCase()}`)
    .replace(/\.$/, '')
    .replaceAll("'", '"');
}

const EXAMPLES = `
Examples:
  mcblock grok --rotated /var/log/auth.log   read the log just rotated
  mcblock add 5.149.104/22 --for 90d         block by hand
  mcblock emit -o /etc/pf.blocked            write the pf table
  mcblock explain 5.149.105.9                show why it is on the blocklist or not
`;

/**
 * Adds the wanted command and loads it. The help, completion and messages about an unknown command
 * get the others too, by name and summary. A cold start must not pay for what it does not use.
 */
export async function addCommands(
  program: Command,
  context: Context,
  wanted: readonly string[],
): Promise<void> {
  const [first = ''] = wanted;
  const isEnough = isCommand(first) && first !== 'completion';
  for (const { name, summary, load } of COMMANDS) {
    const isWanted = wanted.includes(name);
    if (isEnough && !isWanted) continue;
    const command = program.command(name).summary(summary);
    command.copyInheritedSettings(program);
    if (!isWanted) continue;
    (await load()).define(command, context);
    complete(command, `mcblock ${name}`);
    for (const inner of command.commands) complete(inner, `mcblock ${name} ${inner.name()}`);
    if (command.commands.length > 0) command.helpCommand(...HELP_COMMAND);
  }
  program.helpCommand(...HELP_COMMAND);
}

/** Adds what follows from a command's definition. */
function complete(command: Command, name: string): void {
  const inner = command.commands.map((each) => each.name()).join('|');
  const given = ['[OPTION...]', ...command.registeredArguments.map(argumentText)];
  command.usage([...(inner === '' ? [] : [inner]), ...given].join(' '));
  command.showHelpAfterError(`try "${name} --help"`);
}

/** `FILE`, `[PREFIX...]` or `bash|zsh`. */
function argumentText(argument: Argument): string {
  const name = argument.argChoices?.join('|') ?? argument.name().toUpperCase();
  const text = argument.variadic ? `${name}...` : name;
  return argument.required ? text : `[${text}]`;
}

const HELP_COMMAND = ['help [command]', 'print help for a command'] as const;

const TEXT_CHARACTERS = 200;

function isCommand(word: string): boolean {
  return COMMANDS.some(({ name }) => name === word);
}

/** The command line from the command on, as typed. */
function commandText(argv: readonly string[]): CommandLineText {
  const name = wantedCommand(argv);
  const text = argv.slice(argv.indexOf(name ?? '')).join(' ');
  const isUndoable = COMMANDS.some((command) => command.name === name && command.isUndoable);
  return { text: text.slice(0, TEXT_CHARACTERS), isUndoable };
}
