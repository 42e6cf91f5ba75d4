/** A line that is not empty. */
export interface NumberedLine {
  /** From 1. */
  readonly number: number;
  readonly line: string;
}

/** The lines that are not empty, trimmed. */
export function* numberedLines(lines: Iterable<string>): Generator<NumberedLine> {
  let number = 0;
  for (const text of lines) {
    number++;
    const line = text.trim();
    if (line !== '') yield { number, line };
  }
}
