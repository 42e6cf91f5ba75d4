const COMMON_WITH_VALUE = new Set(['--db', '--config', '--now']);
/** Before a command it asks for the help of all of them. */
const HELP = /^(?:--help$|-\w*h)/;

/**
 * The command: the first word that is neither an option, an option's value nor `help`. None after
 * --help.
 */
export function wantedCommand(argv: readonly string[]): string | undefined {
  const index = commandIndex(argv);
  return argv[index] === 'help' ? argv[index + 1] : argv[index];
}

/** The wanted command, and with `completion` also the one that is to be completed. */
export function commandsToLoad(argv: readonly string[]): string[] {
  const wanted = wantedCommand(argv);
  const words = wanted === 'completion' ? argv.slice(argv.indexOf('--') + 1) : [];
  return [wanted, wantedCommand(words)].filter((name) => name !== undefined);
}

/** `help` and `help COMMAND` as the option, which commander does not take for a failure. */
export function withHelpOption(
  argv: readonly string[],
  isCommand: (name: string) => boolean,
): readonly string[] {
  const index = commandIndex(argv);
  if (argv[index] !== 'help') return argv;
  const rest = argv.toSpliced(index, 1);
  const name = rest[index];
  return name === undefined || isCommand(name) ? [...rest, '--help'] : rest;
}

/** Where the command is, or `help`. */
function commandIndex(argv: readonly string[]): number {
  let index = 0;
  for (let word = argv[0]; word?.startsWith('-'); word = argv[index]) {
    if (HELP.test(word)) return argv.length;
    index += COMMON_WITH_VALUE.has(word) ? 2 : 1;
  }
  return index;
}
