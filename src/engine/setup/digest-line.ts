import { createHash } from 'node:crypto';

const DIGEST_LINE = /^# written by mcblock setup, SHA-256 ([0-9a-f]{64})\n$/;

/**
 * The text with a digest as last line, by which setup recognises its own unchanged files. For files in
 * which # begins a comment.
 */
export function withDigest(text: string): string {
  return `${text}# written by mcblock setup, SHA-256 ${digestOf(text)}\n`;
}

/** Whether setup wrote the file and it was not changed since. */
export function isWrittenBySetup(file: string): boolean {
  const start = file.lastIndexOf('\n', file.length - 2) + 1;
  const [, digest] = DIGEST_LINE.exec(file.slice(start)) ?? [];
  return digest !== undefined && digest === digestOf(file.slice(0, start));
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
