const COMMON_WITH_VALUE = new Set(['--db', '--config', '--now']);

/** The first word that is neither an option nor the value of one; what `help` asks about. */
export function wantedCommand(argv: readonly string[]): string | undefined {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? '';
    if (COMMON_WITH_VALUE.has(word)) index++;
    else if (word !== 'help' && !word.startsWith('-')) return word;
  }
  return undefined;
}
