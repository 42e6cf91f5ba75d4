import { Command, CommanderError, Option } from 'commander';
import { McblockError } from '../errors.ts';
import { COMMANDS } from './commands.ts';
import { type CommonOptions, Context, type Environment } from './context.ts';
import { ReaderGone } from './sink.ts';
import { printable } from './text/printable.ts';
import { wantedCommand } from './wanted-command.ts';

/** Carries out one command line (without node and script). Gives the exit code; never throws. */
export async function main(argv: readonly string[], environment: Environment): Promise<number> {
  const { stderr } = environment;
  let exitCode = 0;
  const program = programOf(environment);
  const context = new Context(
    environment,
    () => program.opts<CommonOptions>(),
    (code) => {
      exitCode = code;
    },
    undoableText(argv),
  );
  try {
    await addCommands(program, context, wantedCommand(argv));
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof ReaderGone) return exitCode;
    // Commander has said what is wrong itself; help and version are no failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof McblockError) {
      stderr.write(`mcblock: ${error.message.split('\n').map(printable).join('\n')}\n`);
      return error.exitCode;
    }
    const unexpected = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stderr.write(`mcblock: this should not have happened, please report it: ${unexpected}\n`);
    return 1;
  } finally {
    context.close();
  }
}

/** The command line without its commands: the options common to all, and the help. */
export function programOf({ stdout, stderr, version }: Environment): Command {
  return new Command('mcblock')
    .description(
      'Keeps out the hosts that knock: reads logs, remembers offenders, writes pf rules.',
    )
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .usage('COMMAND [OPTION…]')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text.replace(/^error: /, 'mcblock: ')),
      getOutHelpWidth: () => Math.min(stdout.columns ?? 80, 100),
      getErrHelpWidth: () => Math.min(stderr.columns ?? 80, 100),
    })
    .showHelpAfterError('mcblock --help tells more')
    .addOption(new Option('--db <file>', 'the store').env('MCBLOCK_DB'))
    .addOption(new Option('--config <file>', 'the configuration').env('MCBLOCK_CONFIG'))
    .option('--now <time>', 'act as if it were that time: rehearsals and replays')
    .option('--json', 'results as JSON')
    .option('-q, --quiet', 'no remarks, and no reports of grok, watch, check and sync')
    .option('-v, --verbose', 'say more')
    .option('--no-color', 'no colours (also NO_COLOR)')
    .addHelpText('after', EXAMPLES);
}

const EXAMPLES = `
Examples:
  mcblock grok --rotated /var/log/auth.log   read the log that was just rotated
  mcblock add 5.149.104/22 --for 90d         block by hand
  mcblock emit > /etc/pf.blocked             the pf table
  mcblock explain 5.149.105.9                why is it blocked, or not?
`;

/**
 * The commands, of which only the wanted one is loaded: the others stand there by name and summary
 * for the help. A cold start must not pay for what it does not use.
 */
export async function addCommands(
  program: Command,
  context: Context,
  wanted: string | undefined,
): Promise<void> {
  for (const { name, usage, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary);
    command.copyInheritedSettings(program).usage(usage);
    if (name !== wanted) continue;
    (await load()).define(command, context);
    command.showHelpAfterError(`mcblock ${name} --help tells more`);
  }
  program.helpCommand('help [command]', 'print help for a command');
}

const TEXT_CHARACTERS = 200;

/** From the command on, as it was typed; undefined for one that changes no entries. */
function undoableText(argv: readonly string[]): string | undefined {
  const name = wantedCommand(argv);
  if (!COMMANDS.some((command) => command.name === name && command.isUndoable)) return undefined;
  return argv
    .slice(argv.indexOf(name ?? ''))
    .join(' ')
    .slice(0, TEXT_CHARACTERS);
}
