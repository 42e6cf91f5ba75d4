import { fstatSync, readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import { McblockError } from '../errors.ts';
import { hashMadePassword, hashPassword, makePassword } from '../fleet/password.ts';

const SHORTEST = 8;
const LONGEST = 256;

/** A password from stdin, or a generated one, which must be shown. */
export interface ChosenPassword {
  readonly password: string;
  readonly isMade: boolean;
}

/**
 * The first line of stdin if it is a pipe or file, or `asked` for; otherwise generates a password.
 * Never an argument: every user of the host can read those.
 */
export function choosePassword(asked: boolean): ChosenPassword {
  const line = asked || isPiped() ? firstLine() : '';
  if (line === '' && !asked) return { password: makePassword(), isMade: true };
  if (line.length < SHORTEST || line.length > LONGEST) {
    throw new McblockError(
      'usage',
      `the password on stdin has ${line.length} characters; use ${SHORTEST} to ${LONGEST}`,
    );
  }
  return { password: line, isMade: false };
}

export async function hashChosen({ password, isMade }: ChosenPassword): Promise<string> {
  return isMade ? hashMadePassword(password) : hashPassword(password);
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
