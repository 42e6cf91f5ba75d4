// Builds the manual pages from docs/man/, the definitions of the command line, docs/configuration.md and
// grammar/README.md:
//   node scripts/build-manual.mjs [FOLDER]    default: build/man
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleTypeScript } from './bundle-typescript.mjs';
import { argument, display, markdown, paragraph } from './mdoc.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const PAGES = ['mcblock.8', 'mcblock.toml.5', 'mcblock-grammar.5'];

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await buildManual(process.argv[2] ?? join(root, 'build', 'man'));
}

/** @param {string} folder */
export async function buildManual(folder) {
  const { program, helpOf } = await commandLine();
  const configuration = readFileSync(join(root, 'docs', 'configuration.md'), 'utf8');
  const grammar = readFileSync(join(root, 'grammar', 'README.md'), 'utf8');
  const parts = {
    'COMMON OPTIONS': () => parameters(program),
    COMMANDS: () => commands(program, helpOf),
    INTRODUCTION: () => markdown(configuration.split(/^Every key/m)[0]),
    KEYS: () => keys(/```toml\n(.*?)```/s.exec(configuration)[1]),
    // The rest is for those who change the compiler.
    GRAMMAR: () => markdown(grammar.split(/^## How it becomes a program/m)[0]),
  };
  mkdirSync(folder, { recursive: true });
  for (const page of PAGES) {
    const lines = readFileSync(join(root, 'docs', 'man', page), 'utf8').split('\n');
    const whole = lines
      .filter((line) => !line.startsWith('.\\" Lines that begin'))
      .flatMap((line) => (line.startsWith('.\\"@ ') ? parts[line.slice(5)]() : [line]));
    writeFileSync(join(folder, page), whole.join('\n'));
  }
}

/** The command line with all commands, as the program defines them. */
async function commandLine() {
  const module = join(root, 'build', 'command-line.mjs');
  await bundleTypeScript(
    "export { addCommands, programOf } from './src/cli/main.ts';\n" +
      "export { COMMANDS } from './src/cli/commands.ts';\n",
    module,
  );
  const { addCommands, programOf, COMMANDS } = await import(module);
  rmSync(module);
  let written = '';
  const sink = {
    isTerminal: false,
    write: (text) => {
      written += text;
    },
  };
  const program = programOf({ stdout: sink, stderr: sink, env: {}, version: '' });
  await addCommands(
    program,
    undefined,
    COMMANDS.map(({ name }) => name),
  );
  /** What a command's help adds to what commander writes. */
  const helpOf = (command) => {
    written = '';
    command.outputHelp();
    return written.slice(command.helpInformation().length);
  };
  return { program, helpOf };
}

function commands(program, helpOf) {
  return [
    '.Bl -tag -width Ds',
    ...program.commands.flatMap((command) => [
      `.It Cm ${command.name()} ${usage(command.usage())}`,
      ...paragraph(command.description()),
      ...parameters(command),
      ...subcommands(command),
      ...afterwards(helpOf(command)),
    ]),
    '.El',
  ];
}

function subcommands({ commands: inner }) {
  if (inner.length === 0) return [];
  return [
    '.Bl -tag -width Ds',
    ...inner.flatMap((command) => [
      `.It Cm ${[command.name(), ...command.registeredArguments.map(argumentText)].join(' ')}`,
      ...paragraph(sentence(command.description())),
      ...parameters(command),
    ]),
    '.El',
  ];
}

function argumentText(given) {
  const text = `Ar ${given.name()}${given.variadic ? ' ...' : ''}`;
  return given.required ? text : `Op ${text}`;
}

/** `[OPTION...] FILE...` in mdoc. */
function usage(text) {
  return text
    .replaceAll('...', ' ...')
    .replace(/[[\]|]/g, ' $& ')
    .trim()
    .split(/\s+/)
    .map((word) => {
      if (word === '[') return 'Oo';
      if (word === ']') return 'Oc';
      if (/^[A-Z]+$/.test(word)) return `Ar ${word.toLowerCase()}`;
      return /^[a-z]/.test(word) ? `Cm ${word}` : word;
    })
    .join(' ');
}

/** The arguments that have a description of their own, and the options. */
function parameters({ registeredArguments, options }) {
  const items = [
    ...registeredArguments
      .filter(({ description }) => description)
      .map((given) => [`Ar ${given.name()}`, given]),
    ...options
      .filter(({ hidden, long }) => !hidden && long !== '--help')
      .map((option) => [flags(option), option]),
  ];
  if (items.length === 0) return [];
  return [
    '.Bl -tag -width Ds',
    ...items.flatMap(([tag, each]) => [
      `.It ${tag}`,
      ...paragraph(sentence(each.description + choicesOf(each))),
    ]),
    '.El',
  ];
}

/** `-o, --output <file>` in mdoc. */
function flags({ short, long, flags: text }) {
  const names = [short, long]
    .filter(Boolean)
    .map((name) => `Fl ${name.slice(1).replaceAll('-', '\\-')}`);
  const [, value] = /<(.+)>/.exec(text) ?? [];
  return names.join(' , ') + (value === undefined ? '' : ` Ar ${argument(value)}`);
}

/** Of an option or an argument. */
function choicesOf({ argChoices, defaultValue, defaultValueDescription, envVar }) {
  const notes = [];
  if (argChoices) notes.push(`one of ${argChoices.join(', ')}`);
  if (defaultValueDescription ?? (typeof defaultValue === 'string' && defaultValue !== '')) {
    notes.push(`default: ${defaultValueDescription ?? defaultValue}`);
  }
  if (envVar) notes.push(`environment: ${envVar}`);
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`;
}

/** Help begins in lower case and has no full stop. */
function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.)]$/.test(text) && !text.endsWith(')') ? '' : '.'}`;
}

/** The examples and remarks under a command's help. */
function afterwards(help) {
  return help
    .trim()
    .split(/\n\n+/)
    .filter((block) => block !== '')
    .flatMap((block) => {
      const [first = '', ...rest] = block.split('\n');
      if (!rest.some((line) => line.startsWith('  '))) return ['.Pp', ...paragraph(block)];
      return ['.Pp', ...paragraph(first), ...display(rest.map((line) => line.slice(2)))];
    });
}

/** Each key of the TOML, with its comment. */
function keys(toml) {
  const lines = [];
  let isOpen = false;
  const close = () => {
    if (isOpen) lines.push('.El');
    isOpen = false;
  };
  for (const line of toml.split('\n')) {
    const [, table] = /^\[(.+)\]$/.exec(line) ?? [];
    if (table !== undefined) {
      close();
      lines.push(`.Ss ${argument(`[${table}]`)}`);
      continue;
    }
    const [, key, value, comment = ''] = /^([\w-]+) = (.+?)(?:\s+# (.*))?$/.exec(line) ?? [];
    if (key === undefined) continue;
    if (!isOpen) lines.push('.Bl -tag -width Ds');
    isOpen = true;
    lines.push(`.It Ic ${key} No = Li ${argument(value)}`, ...paragraph(sentence(comment)));
  }
  close();
  return lines;
}
