const COMMON_WITH_VALUE = new Set(['--db', '--config', '--now']);

/** The command: the first word that is neither an option, an option's value nor `help`. */
export function wantedCommand(argv: readonly string[]): string | undefined {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? '';
    if (COMMON_WITH_VALUE.has(word)) index++;
    else if (word !== 'help' && !word.startsWith('-')) return word;
  }
  return undefined;
}
