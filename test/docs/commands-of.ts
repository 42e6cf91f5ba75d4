import type { Document } from './document.ts';

/** A command line of mcblock that a page shows. */
export interface ShownCommand {
  /** The words behind "mcblock". */
  readonly argv: readonly string[];
  /** In the midst of a sentence it may be no more than the name of a command. */
  readonly isMention: boolean;
}

const PROGRAM = /^(?:.*[\s/])?mcblock$/;

/** Every command line of mcblock on the page, in blocks and in backticks. */
export function commandsOf({ blocks, spans }: Document): ShownCommand[] {
  const shown = blocks
    .filter(({ language }) => language === '')
    .flatMap(({ lines }) => lines.join('\n').replaceAll('\\\n', ' ').split('\n'));
  return [
    ...shown.flatMap((line) => commandsIn(line, false)),
    ...spans.flatMap((span) => commandsIn(span, true)),
  ];
}

/** Those of one line of a shell, whatever stands before them (a prompt, the times of cron). */
export function commandsIn(line: string, isMention: boolean): ShownCommand[] {
  return line
    .replace(/(?:^|\s)#\s.*$/, '')
    .split(/&&|\|\||[|;]/)
    .flatMap((command) => {
      const words = wordsOf(command);
      const start = words.findIndex(
        (word, index) =>
          word === 'bin/mcblock.js' || (PROGRAM.test(word) && isProgram(words, index)),
      );
      return start < 0 ? [] : [{ argv: untilRedirection(words.slice(start + 1)), isMention }];
    });
}

/** Behind nothing, a prompt, the times of cron or another program that runs it; not as an argument. */
function isProgram(words: readonly string[], index: number): boolean {
  return words
    .slice(0, index)
    .every((word) => /^(?:[$%]|\w+[#$]|[*\d/,-]+|\w+=\S*|@\w+)$/.test(word));
}

function wordsOf(command: string): string[] {
  return Array.from(
    command.matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+)/g),
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}

function untilRedirection(words: readonly string[]): string[] {
  const end = words.findIndex((word) => /^\d?[<>]/.test(word));
  return end < 0 ? [...words] : words.slice(0, end);
}
