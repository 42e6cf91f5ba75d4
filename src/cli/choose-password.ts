import { fstatSync, readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { McblockError } from '../errors.ts';
import { makePassword } from '../fleet/password.ts';

const SHORTEST = 8;
const LONGEST = 256;

/** A password that was given on stdin, or a new one, which has to be shown. */
export interface ChosenPassword {
  readonly password: string;
  readonly isMade: boolean;
}

/**
 * The first line of stdin where it is a pipe or a file, or `asked` for; else a new password. Never
 * an argument: everybody on the host can read those.
 */
export function choosePassword(asked: boolean): ChosenPassword {
  const line = asked || isPiped() ? firstLine() : '';
  if (line === '' && !asked) return { password: makePassword(), isMade: true };
  if (line.length < SHORTEST || line.length > LONGEST) {
    throw new McblockError(
      'usage',
      `a password has ${SHORTEST} to ${LONGEST} characters; the first line of stdin has ${line.length}`,
    );
  }
  return { password: line, isMade: false };
}

function isPiped(): boolean {
  if (isatty(0)) return false;
  try {
    const stdin = fstatSync(0);
    return stdin.isFIFO() || stdin.isFile();
  } catch {
    return false;
  }
}

function firstLine(): string {
  return readFileSync(0, 'utf8').split(/\r?\n/, 1)[0] ?? '';
}
