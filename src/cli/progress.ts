import type { Context } from './context.ts';

const BAR_CHARACTERS = 24;
const PAUSE_MILLISECONDS = 100;

/** A progress line on stderr, if that is a terminal. */
export class Progress {
  readonly #context: Context;
  readonly #label: string;
  readonly #wanted: boolean;
  #shownAt = 0;
  #shown = false;

  constructor(context: Context, label: string) {
    this.#context = context;
    this.#label = label;
    this.#wanted = context.stderr.isTerminal && !context.options.quiet;
  }

  show(text: string): void {
    const time = performance.now();
    if (!this.#wanted || time - this.#shownAt < PAUSE_MILLISECONDS) return;
    this.#shownAt = time;
    this.#shown = true;
    this.#context.stderr.write(`\r\x1b[K${this.#label}: ${text}`);
  }

  /** A bar if the total is known. */
  showShare(done: number, total: number | undefined): void {
    if (!total) {
      this.show(`${(done / 1e6).toFixed(1)} MB`);
      return;
    }
    const share = Math.min(1, done / total);
    const filled = Math.round(share * BAR_CHARACTERS);
    const bar = `${'#'.repeat(filled)}${'.'.repeat(BAR_CHARACTERS - filled)}`;
    this.show(`[${bar}] ${Math.floor(share * 100)} %`);
  }

  /** Clears the line. */
  end(): void {
    if (this.#shown) this.#context.stderr.write('\r\x1b[K');
    this.#shown = false;
  }
}
