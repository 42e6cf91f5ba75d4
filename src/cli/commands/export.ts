import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { jsonText } from '../text/json-text.ts';

const PART_BYTES = 64 * 1024;

export function define(command: Command, context: Context): void {
  command
    .description(
      'Exports the whole store as NDJSON: entries with history and evidence, the allow-list, logins, and logs read. "mcblock import" restores it without loss.',
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock export > mcblock-backup.ndjson
  mcblock export | ssh other-gateway mcblock import
`,
    )
    .action(() => exportStore(context));
}

async function exportStore(context: Context): Promise<void> {
  const store = await context.store('read');
  let part = '';
  for (const row of store.exportRows()) {
    part += `${jsonText(row)}\n`;
    if (part.length < PART_BYTES) continue;
    context.stdout.write(part);
    part = '';
  }
  context.stdout.write(part);
}
