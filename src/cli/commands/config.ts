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
      'Shows what is in force and where each value was said; `config check` only checks.',
    )
    .argument('[check]', 'only check the configuration, and the grammars it names')
    .addHelpText(
      'after',
      `
Examples:
  mcblock config                           every key, its value and its source
  mcblock --config new.toml config check   check a file before it is put in place
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
    throw new McblockError('usage', `config knows "check", not "${what}"`);
  }
  const loaded = await context.config();
  if (what === 'check') {
    // The grammars are a part of it, and what it says of their messages.
    await readOptionsOf(loaded, {});
    context.remark(`${loaded.file ?? 'no configuration file: the defaults'} is right`);
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
    `# configuration: ${loaded.file ?? 'none, so the defaults'}`,
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
  // Each setting shows its own kind of value; which kind is lost once the key is a variable.
  const setting = SETTINGS[key] as Setting<unknown>;
  return {
    key,
    value: settingText(setting, loaded.get(key)),
    source: source === 'default' ? source : `${source.file}:${source.line}`,
  };
}
