import type { Command } from 'commander';
import { McblockError } from '../../errors.ts';
import type { Config } from '../config/config.ts';
import { type Setting, settingText } from '../config/setting.ts';
import { SETTINGS, type SettingKey } from '../config/settings.ts';
import type { Context } from '../context.ts';
import { readOptionsOf } from '../log-options.ts';
import { storePath } from '../store-location.ts';
import { tableLines } from '../text/table.ts';

export function define(command: Command, context: Context): void {
  command
    .description(
      'Shows the configuration in force and the source of each value. "config check" only checks it.',
    )
    .argument('[check]', 'check the configuration and its grammars')
    .addHelpText(
      'after',
      `
Examples:
  mcblock config                           all keys with values and sources
  mcblock --config new.toml config check   check a file before installing it
`,
    )
    .action((what: string | undefined) => config(context, what));
}

interface Row {
  readonly key: string;
  readonly value: string;
  readonly source: string;
}

async function config(context: Context, what: string | undefined): Promise<void> {
  if (what !== undefined && what !== 'check') {
    throw new McblockError('usage', `unknown subcommand "${what}"; use config or config check`);
  }
  const loaded = await context.config();
  if (what === 'check') {
    // Includes the user's grammars, and offence.messages.
    await readOptionsOf(loaded, {});
    context.remark(`${loaded.file ?? 'no configuration file, defaults'}: OK`);
    return;
  }
  const rows = (Object.keys(SETTINGS) as SettingKey[]).map((key) => rowOf(key, loaded));
  const store = storePath(context.options.db, context.env);
  if (context.options.json) {
    context.json({ file: loaded.file ?? null, store, settings: rows });
    return;
  }
  context.lines([
    `# store: ${store}`,
    `# configuration: ${loaded.file ?? 'none (defaults)'}`,
    ...tableLines(
      [
        { title: '# KEY', cell: (row: Row) => row.key },
        { title: 'VALUE', cell: (row: Row) => `= ${row.value}` },
        { title: 'FROM', cell: (row: Row) => `# ${row.source}` },
      ],
      rows,
    ),
  ]);
}

function rowOf(key: SettingKey, loaded: Config): Row {
  const source = loaded.sourceOf(key);
  // The type of the value is lost once the key is a variable.
  const setting = SETTINGS[key] as Setting<unknown>;
  return {
    key,
    value: settingText(setting, loaded.get(key)),
    source: source === 'default' ? source : `${source.file}:${source.line}`,
  };
}
