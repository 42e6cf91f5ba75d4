import { Argument, type Command } from 'commander';
import { check, ok } from '../../engine/doctor/finding.ts';
import { McblockError } from '../../errors.ts';
import { checkConfig } from '../config/check-config.ts';
import type { Config } from '../config/config.ts';
import { type Setting, settingTables, settingText } from '../config/setting.ts';
import { SETTINGS, type SettingKey } from '../config/settings.ts';
import type { Context } from '../context.ts';
import { storePath } from '../store-location.ts';
import type { Column } from '../text/table.ts';

export function define(command: Command, context: Context): void {
  command
    .description(
      'Shows the configuration in force and the source of each value. "config check" only checks it: the keys and values, that the files, certificates, programs and users that it names exist and can be used, and that logs that exist can be read. Exit code 2 if something is wrong.',
    )
    .addArgument(
      new Argument('[check]', 'check the configuration, and what it names').choices(['check']),
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock config                           all keys with values and sources
  mcblock --config new.toml config check   check a file before installing it
  mcblock config check --json              the same for programs
`,
    )
    .action((what: string | undefined) => config(context, what));
}

interface Row {
  readonly key: SettingKey;
  readonly value: string;
  readonly source: string;
}

async function config(context: Context, what: string | undefined): Promise<void> {
  if (what !== undefined) {
    await checkIt(context);
    return;
  }
  const loaded = await context.config();
  const rows = (Object.keys(SETTINGS) as SettingKey[]).map((key) => rowOf(key, loaded));
  const store = storePath(context.options.db, context.env);
  if (context.options.json) {
    context.json({ file: loaded.file ?? null, store, settings: rows });
    return;
  }
  context.lines([`# store: ${store}`, `# configuration: ${loaded.file ?? 'none (defaults)'}`]);
  // A list of tables is too long for a row, and may come last.
  const hasTables = ({ key }: Row) => tablesOf(key, loaded).length > 0;
  context.table(
    COLUMNS,
    rows.filter((row) => !hasTables(row)),
  );
  for (const { key } of rows.filter(hasTables)) {
    for (const [index, table] of tablesOf(key, loaded).entries()) {
      context.lines(['', `[[${key}]]  # ${placeOf(loaded.sourceOf(key, index))}`, ...table]);
    }
  }
}

const COLUMNS: readonly Column<Row>[] = [
  { title: '# KEY', cell: ({ key }) => key },
  { title: 'VALUE', cell: ({ value }) => `= ${value}` },
  { title: 'FROM', cell: ({ source }) => `# ${source}` },
];

async function checkIt(context: Context): Promise<void> {
  let file: string | undefined;
  const keys = await check('keys', async () => {
    ({ file } = await context.config());
    return ok(file ?? 'no file, defaults');
  });
  const others = keys.state === 'ok' ? await checkConfig(await context.config()) : [];
  const problems = [keys, ...others].filter(({ state }) => state === 'problem');
  if (context.options.json) {
    context.json({ file: file ?? null, findings: [keys, ...others] });
    if (problems.length > 0) context.exit(2);
  } else if (problems.length > 0) {
    const where = file === undefined ? '' : `${file}: `;
    const texts = problems.map(({ text }) =>
      file !== undefined && text.startsWith(`${file}:`) ? text : `${where}${text}`,
    );
    throw new McblockError('config', texts.join('\n'));
  } else context.remark(`${file ?? 'no configuration file, defaults'}: OK`);
}

function rowOf(key: SettingKey, loaded: Config): Row {
  return {
    key,
    value: settingText(settingOf(key), loaded.get(key)),
    source: placeOf(loaded.sourceOf(key)),
  };
}

function tablesOf(key: SettingKey, loaded: Config): readonly string[][] {
  return settingTables(settingOf(key), loaded.get(key));
}

function settingOf(key: SettingKey): Setting<unknown> {
  // The type of the value is lost once the key is a variable.
  return SETTINGS[key];
}

function placeOf(source: ReturnType<Config['sourceOf']>): string {
  return source === 'default' ? source : `${source.file}:${source.line}`;
}
