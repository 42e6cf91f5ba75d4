import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { McblockError } from '../errors.ts';

/** Asks at the terminal; anything but yes means no. Throws McblockError('usage') if there is none. */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new McblockError('usage', 'there is no terminal to ask at; use --yes');
  }
  return await askYes(question, process.stdin, process.stderr);
}

/** Whether the first line of the answer says yes. */
export async function askYes(
  question: string,
  input: Readable,
  output: Writable,
): Promise<boolean> {
  const terminal = createInterface({ input, output, terminal: false });
  // The end of the input is no answer.
  const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), ended]);
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    terminal.close();
  }
}
