import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of the repository. */
export const ROOT = join(import.meta.dirname, '..', '..');

/** A fenced block. */
interface Block {
  readonly language: string;
  readonly lines: readonly string[];
}

/** One page of the documentation, taken apart. */
export interface Document {
  /** Its path from the root. */
  readonly name: string;
  readonly blocks: readonly Block[];
  /** What stands in backticks outside of the blocks. */
  readonly spans: readonly string[];
  /** Where its links lead. */
  readonly links: readonly string[];
  readonly headings: readonly string[];
}

const TOP = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];
const BESIDE = ['grammar/README.md', 'bench/README.md'];

/** Every page that people read. */
export function documents(): Document[] {
  const pages = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name));
  return [...TOP, ...BESIDE, ...pages.toSorted()].map((name) =>
    readDocument(name, readFileSync(join(ROOT, name), 'utf8')),
  );
}

export function readDocument(name: string, text: string): Document {
  const blocks: Block[] = [];
  const prose: string[] = [];
  // Odd pieces are blocks; a list indents its own.
  for (const [index, piece] of text.split(/^ *```/m).entries()) {
    if (index % 2 === 0) {
      prose.push(piece);
      continue;
    }
    const [language = '', ...lines] = piece.split('\n');
    blocks.push({ language: language.trim(), lines: lines.map((line) => line.trim()) });
  }
  const outside = prose.join('\n');
  const unquoted = outside.replaceAll(/`[^`]*`/g, '');
  return {
    name,
    blocks,
    spans: Array.from(outside.matchAll(/`([^`]+)`/g), ([, span = '']) =>
      span.replaceAll('\n', ' '),
    ),
    links: Array.from(unquoted.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target),
    headings: Array.from(outside.matchAll(/^#+ (.+)$/gm), ([, heading = '']) => anchorOf(heading)),
  };
}

/** As GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
