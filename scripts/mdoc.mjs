// Writes mdoc(7), the language of manual pages, from plain text and from Markdown as used in docs/.

/** What stands in a line for more than itself; the rest is text. */
const MARKS =
  /`(?<code>[^`]+)`|\*\*(?<bold>.+?)\*\*|(?<!\w)_(?<italic>[^_]+)_(?!\w)|(?<flag>(?<![\w-])--[a-z][\w-]*)|(?<page>\b[a-z][\w.-]*\(\d\))/gu;

const MACROS = {
  code: (text) => `Ql ${argument(text)}`,
  bold: (text) => `Sy ${argument(text)}`,
  italic: (text) => `Em ${argument(text)}`,
  flag: (text) => `Fl ${text.slice(1).replaceAll('-', '\\-')}`,
  page: (text) => `Xr ${text.replace(/\((\d)\)$/, ' $1')}`,
};

/** A paragraph, as lines. */
export function paragraph(text) {
  const plain = ascii(text)
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
  const lines = [];
  let at = 0;
  for (const match of plain.matchAll(MARKS)) {
    if (match.index < at) continue;
    const before = plain.slice(at, match.index);
    const [prefix = ''] = /\S*$/.exec(before) ?? [];
    const end = match.index + match[0].length;
    const [suffix = ''] = /^\S*/.exec(plain.slice(end)) ?? [];
    lines.push(...sentences(before.slice(0, before.length - prefix.length)));
    lines.push(macroLine(prefix, match, suffix));
    at = end + suffix.length;
  }
  return [...lines, ...sentences(plain.slice(at))];
}

/** What touches the macro stays with it. */
function macroLine(prefix, { groups }, suffix) {
  const [kind, text] = Object.entries(groups).find(([, value]) => value !== undefined);
  const macro = MACROS[kind](text);
  const head = prefix === '' ? `.${macro}` : `.Pf ${argument(prefix)} ${macro}`;
  if (suffix === '') return head;
  return /^[.,:;!?)]+$/.test(suffix)
    ? `${head} ${[...suffix].join(' ')}`
    : `${head} Ns ${argument(suffix)}`;
}

/** Each sentence begins a line. */
function sentences(text) {
  return text
    .trim()
    .split(/(?<=[.!?:]\)?) (?=["(]?[A-Z])/)
    .filter((sentence) => sentence !== '')
    .map((sentence) => escaped(sentence).replace(/^(?=[.'])/, '\\&'));
}

/** Lines that are shown as they are. */
export function display(lines) {
  return [
    '.Bd -literal -offset indent',
    ...lines.map((line) => literal(line).replace(/^(?=[.'])/, '\\&')),
    '.Ed',
  ];
}

/** One argument of a macro, whatever it contains. */
export function argument(text) {
  return `"${literal(text).replaceAll('"', '\\(dq')}"`;
}

function literal(text) {
  return escaped(ascii(text))
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti');
}

function escaped(text) {
  return text.replaceAll('\\', '\\e');
}

function ascii(text) {
  const plain = text.replaceAll('…', '...').replaceAll('’', "'").replaceAll('×', 'x');
  const [other] = /[^\n\t -~]/u.exec(plain) ?? [];
  if (other !== undefined) throw new Error(`no mdoc for ${other} in: ${text}`);
  return plain;
}

/** Markdown without its title: headings, paragraphs, lists, tables and fenced blocks. */
export function markdown(text) {
  const lines = [];
  let isFirst = true;
  for (const block of blocksOf(text)) {
    const [first = ''] = block;
    if (first.startsWith('# ')) continue;
    if (/^#+ /.test(first)) {
      lines.push(`.Ss ${ascii(first.replace(/^#+ /, ''))}`);
      isFirst = true;
      continue;
    }
    if (!isFirst) lines.push('.Pp');
    isFirst = false;
    lines.push(...mdocOf(block));
  }
  // A list or display makes its own space.
  return lines.filter((line, index) => line !== '.Pp' || !/^\.B[dl] /.test(lines[index + 1] ?? ''));
}

function mdocOf(block) {
  const [first = ''] = block;
  if (first.startsWith('```')) return display(block.slice(1, -1));
  if (first.startsWith('|')) return table(block.slice(2));
  if (/^(?:-|\d+\.) /.test(first)) return list(first.startsWith('-') ? 'bullet' : 'enum', block);
  return paragraph(block.join(' '));
}

function list(kind, block) {
  const items = block
    .join('\n')
    .split(/\n(?=(?:-|\d+\.) )/)
    .map((item) => item.replace(/^(?:-|\d+\.) /, ''));
  return [`.Bl -${kind}`, ...items.flatMap((item) => ['.It', ...paragraph(item)]), '.El'];
}

function table(rows) {
  const items = rows.flatMap((row) => {
    const [head = '', ...cells] = row
      .replace(/^\|\s*|\s*\|$/g, '')
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|'));
    const tag = head.replace(/`([^`]+)`/g, (_, code) => `\0${code}\0`);
    const words = tag
      .split('\0')
      .map((part, index) => (index % 2 === 1 ? `Li ${argument(part)}` : part.trim()));
    return [
      `.It ${words.filter((word) => word !== '').join(' No ')}`,
      ...paragraph(cells.join(': ')),
    ];
  });
  return ['.Bl -tag -width Ds', ...items, '.El'];
}

/** Separated by empty lines; a fenced block is one, and an item goes on where it is indented. */
function blocksOf(text) {
  const blocks = [];
  let block = [];
  let isFenced = false;
  for (const line of text.split('\n')) {
    const isFence = line.startsWith('```');
    if (isFence && !isFenced && block.length > 0) {
      blocks.push(block);
      block = [];
    }
    if (line === '' && !isFenced) {
      if (block.length > 0) blocks.push(block);
      block = [];
      continue;
    }
    block.push(line);
    if (isFence && isFenced) {
      blocks.push(block);
      block = [];
    }
    if (isFence) isFenced = !isFenced;
  }
  return block.length > 0 ? [...blocks, block] : blocks;
}
