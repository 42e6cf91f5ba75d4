import type { Command } from 'commander';
import { countText, nounText } from '../../count-text.ts';
import type { Finding } from '../../engine/doctor/finding.ts';
import type { Context } from '../context.ts';
import { findings } from '../findings.ts';
import { printable } from '../text/printable.ts';

export function define(command: Command, context: Context): void {
  command
    .description(
      'Shows the state of the store, the firewall, the logs, the fleet and the feeds, and how many problems there are. Runs the checks of doctor, which tells what to do about them. Exit code 1 if there is a problem.',
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock status
  mcblock status --json | jq .firewall.figures.rules
`,
    )
    .action(() => status(context));
}

/** What each line shows: the findings of these names, or else why there are none. */
const LINES: readonly (readonly [name: string, findings: readonly string[], otherwise: string])[] =
  [
    ['store', ['store'], 'not checked'],
    ['firewall', ['firewall'], 'not checked'],
    ['logs', ['logs', 'hooks'], 'not checked'],
    ['log', ['log'], 'not checked'],
    ['fleet', ['fleet', 'redis'], 'none configured'],
    ['feeds', ['feeds'], 'none'],
  ];
const NAME_CHARACTERS = 10;

async function status(context: Context): Promise<void> {
  const all: Finding[] = [];
  for await (const finding of findings(context)) all.push(finding);
  const problems = all.filter(({ state }) => state === 'problem').length;
  const warnings = all.filter(({ state }) => state === 'warning').length;
  const named = (names: readonly string[]) => all.filter(({ name }) => names.includes(name));
  if (context.options.json) {
    const parts = LINES.map(([name, names]) => [name, partOf(named(names))]);
    context.json({ ...Object.fromEntries(parts), problems, warnings });
  } else {
    const rows = LINES.flatMap(([name, names, otherwise]) => {
      const texts = named(names).map(({ text }) => printable(text));
      // Each log has a line of its own.
      if (name === 'log') return texts.map((text) => [name, text]);
      return [[name, texts.join('; ') || otherwise]];
    });
    rows.push(['problems', problemsText(problems, warnings)]);
    context.lines(rows.map(([name = '', text = '']) => `${name.padEnd(NAME_CHARACTERS)}${text}`));
  }
  if (problems > 0) context.exit(1);
}

/** The worst state, the texts and the figures; null if there is nothing to tell. */
function partOf(found: readonly Finding[]): object | null {
  if (found.length === 0) return null;
  const states = new Set(found.map(({ state }) => state));
  return {
    state: (['problem', 'warning', 'ok'] as const).find((state) => states.has(state)),
    text: found.map(({ text }) => text).join('; '),
    figures: Object.assign({}, ...found.map(({ figures }) => figures)) as object,
  };
}

function problemsText(problems: number, warnings: number): string {
  if (problems + warnings === 0) return 'none';
  const counts = [problems === 0 ? 'none' : countText(problems)];
  if (warnings > 0) counts.push(nounText(warnings, 'warning', 'warnings'));
  return `${counts.join(', ')}; run mcblock doctor`;
}
