import type { Command } from 'commander';
import type { Finding } from '../../engine/doctor/finding.ts';
import type { Context } from '../context.ts';
import { findings } from '../findings.ts';
import { printable } from '../text/printable.ts';

export function define(command: Command, context: Context): void {
  command
    .description(
      'Checks that mcblock works: configuration, store, firewall, logs and what reads them, allow-list, clock, programs, grammars, feeds, and the fleet where one is configured. Changes nothing. Exit code 1 if there is a problem.',
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock doctor
  mcblock doctor --quiet          problems and warnings only, for cron(8)
  mcblock doctor --json | jq '.[] | select(.state != "ok")'
`,
    )
    .action(() => doctor(context));
}

async function doctor(context: Context): Promise<void> {
  const all: Finding[] = [];
  for await (const finding of findings(context)) all.push(finding);
  const shown = context.options.quiet ? all.filter(({ state }) => state !== 'ok') : all;
  if (context.options.json) context.json(shown);
  else context.lines(shown.flatMap(linesOf));
  if (all.some(({ state }) => state === 'problem')) context.exit(1);
}

const STATE_CHARACTERS = 9;

/** One line, and a second with what to do. */
function linesOf({ name, state, text, advice }: Finding): string[] {
  const lines = [`${state.padEnd(STATE_CHARACTERS)}${name}: ${printable(text)}`];
  if (advice !== undefined) lines.push(`${' '.repeat(STATE_CHARACTERS)}${advice}`);
  return lines;
}
