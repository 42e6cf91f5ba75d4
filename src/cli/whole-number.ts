import { InvalidArgumentError } from 'commander';

const MAX = 999_999_999;

/** Parses the argument of an option: a number from 1 on. */
export function wholeNumber(most = MAX): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(`use a whole number from 1 to ${most}`);
  };
}
