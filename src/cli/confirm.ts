import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { McblockError } from '../errors.ts';

/** Asks at the terminal; anything but yes means no. Throws McblockError('usage') if there is none. */
export async function confirm(question: string): Promise<boolean> {
  requireTerminal();
  return await askYes(question, process.stdin, process.stderr);
}

/** Asks at the terminal; an empty answer means the default. Throws as confirm does. */
export async function ask(question: string, usual: string): Promise<string> {
  requireTerminal();
  const answer = await firstLine(`${question} [${usual}] `, process.stdin, process.stderr);
  return answer.trim() || usual;
}

/** Whether the first line of the answer says yes. */
export async function askYes(
  question: string,
  input: Readable,
  output: Writable,
): Promise<boolean> {
  return /^\s*y(es)?\s*$/i.test(await firstLine(`${question} [y/N] `, input, output));
}

function requireTerminal(): void {
  if (process.stdin.isTTY && process.stderr.isTTY) return;
  throw new McblockError('usage', 'no terminal to ask on; use --yes');
}

async function firstLine(question: string, input: Readable, output: Writable): Promise<string> {
  const terminal = createInterface({ input, output, terminal: false });
  // The end of the input is no answer.
  const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    return await Promise.race([terminal.question(question), ended]);
  } finally {
    terminal.close();
  }
}
