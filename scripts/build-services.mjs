// Writes docs/services.md from the grammars:
//   node scripts/build-services.mjs
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleTypeScript } from './bundle-typescript.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const INTRODUCTION = `# Services

Made from the grammars by \`node scripts/build-services.mjs\`; do not edit it. [Logs](logs.md#services) says what to
set in some of these services. Of each message, the second column says what it counts: its points, once a
connection where it only accompanies attempts; 0 where anybody can cause it in another's name; \`login\` where it
proves who somebody is; and a dash where it is known and harmless.

`;

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(join(root, 'docs', 'services.md'), await servicesPage());
}

/** The text of docs/services.md. */
export async function servicesPage() {
  const module = join(root, 'build', `read-grammar-${process.pid}.mjs`);
  await bundleTypeScript("export { readGrammar } from './grammar/notation/read.ts';\n", module);
  const { readGrammar } = await import(pathToFileURL(module).href);
  rmSync(module);
  const folder = join(root, 'grammar');
  const services = readdirSync(folder)
    .filter((name) => name.endsWith('.grammar'))
    .toSorted()
    .map((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      return section(readGrammar(text, name), text.split('\n'));
    });
  return INTRODUCTION + services.join('\n');
}

/** @param {string[]} lines the text of the grammar */
function section(grammar, lines) {
  const [head, ...more] = paragraphs(lines);
  const programs = grammar.programs.map((name) => `\`${name}\``).join(', ');
  const files = lines.some((line) => line.startsWith('file '))
    ? 'It has log files of its own.'
    : '';
  const rows = grammar.messages.map((message) => [
    `\`${message.name}\``,
    counts(message),
    escaped(commentAbove(lines, message.at.line - 1)),
  ]);
  return `${[
    `## ${grammar.service}`,
    head,
    ...more,
    `Programs: ${programs}. ${files}`.trim(),
    table([['message', 'counts', ''], ...rows]),
  ].join('\n\n')}\n`;
}

/** What the comment at the beginning of a grammar says. Lines with an indent are shown as they are. */
function paragraphs(lines) {
  const end = lines.findIndex((line) => !line.startsWith('#'));
  return lines
    .slice(0, end)
    .map((line) => line.slice(2))
    .join('\n')
    .split(/\n\n+|\n(?= {2})|(?<=\n {2}.*)\n(?! {2})/)
    .map((text) =>
      text.startsWith('  ')
        ? `\`\`\`\n${text.trim()}\n\`\`\``
        : escaped(
            text.replaceAll('\n', ' ').replace(' The notation is described in README.md.', ''),
          ),
    );
}

function counts({ kind, points }) {
  if (kind === 'note') return '-';
  if (kind === 'login' || kind === 'witness') return kind;
  return kind === 'sign' && points > 0 ? `${points}, once` : String(points);
}

/** The comment directly above a message. */
function commentAbove(lines, index) {
  let first = index;
  while (first > 0 && /^# (?!---)/.test(lines[first - 1])) first--;
  return lines
    .slice(first, index)
    .map((line) => line.slice(2))
    .join(' ');
}

function escaped(text) {
  return text.replaceAll(/[<>|*_[\]\\]/g, '\\$&');
}

/** The first row is the heading. */
function table(rows) {
  const widths = rows[0].map((_, column) =>
    Math.max(3, ...rows.map((cells) => cells[column].length)),
  );
  const written = rows.map((cells) =>
    row(cells.map((cell, column) => cell.padEnd(widths[column]))),
  );
  return [written[0], row(widths.map((width) => '-'.repeat(width))), ...written.slice(1)].join(
    '\n',
  );
}

function row(cells) {
  return `| ${cells.join(' | ')} |`;
}
