import { stripVTControlCharacters } from 'node:util';

/**
 * Breaks lines that are longer than the terminal is wide, between words; a longer word stays whole.
 * @param hanging further indentation of the continuation lines, in columns
 */
export function wrapLines(text: string, columns: number, hanging = 4): string {
  if (text.length <= columns) return text;
  return text
    .split('\n')
    .flatMap((line) => (widthOf(line) <= columns ? line : wrapLine(line, columns, hanging)))
    .join('\n');
}

/** The width of a text in columns, without escape sequences. */
function widthOf(text: string): number {
  return text.includes('\x1b') ? stripVTControlCharacters(text).length : text.length;
}

/** Wraps a text into lines of at most this width; a longer word is cut. */
export function wrapCell(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    const joined = last === '' ? word : `${last} ${word}`;
    if (joined.length <= width) lines[lines.length - 1] = joined;
    else if (last === '') lines.splice(-1, 1, ...piecesOf(word, width));
    else lines.push(...piecesOf(word, width));
  }
  return lines;
}

function piecesOf(word: string, width: number): string[] {
  const count = Math.max(1, Math.ceil(word.length / width));
  return Array.from({ length: count }, (_, index) =>
    word.slice(index * width, (index + 1) * width),
  );
}

function wrapLine(line: string, columns: number, further: number): string[] {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const hanging = ' '.repeat(Math.min(indent.length + further, columns >> 1));
  const lines: string[] = [];
  let current = indent;
  let isEmpty = true;
  for (const [, gap = '', word = ''] of line.slice(indent.length).matchAll(/( *)([^ ]+)/g)) {
    const longer = isEmpty ? `${current}${word}` : `${current}${gap}${word}`;
    if (!isEmpty && widthOf(longer) > columns) {
      lines.push(current);
      current = `${hanging}${word}`;
    } else current = longer;
    isEmpty = false;
  }
  return [...lines, current];
}
