/** Takes some 10 MB at most. */
const MAX_NUMBERS = 65_536;
const MAX_SENDERS = 4096;

/** Remembers the numbers of messages, so that none is accepted twice. */
export class ReplayFilter {
  /** `number sender`, oldest first. */
  readonly #numbers = new Set<string>();
  /** For each sender the highest number that is no longer in #numbers. */
  readonly #forgotten = new Map<string, number>();
  readonly #maxNumbers: number;
  readonly #maxSenders: number;

  constructor(maxNumbers = MAX_NUMBERS, maxSenders = MAX_SENDERS) {
    this.#maxNumbers = maxNumbers;
    this.#maxSenders = maxSenders;
  }

  /**
   * Whether the number is new; it is remembered from then on. A sender's numbers rise, but messages
   * of its processes may overtake each other. One that is too late to be told from a forgotten one
   * counts as old.
   */
  isNew(sender: string, number: number): boolean {
    const name = `${number} ${sender}`;
    if (this.#numbers.has(name) || number <= (this.#forgotten.get(sender) ?? 0)) return false;
    this.#numbers.add(name);
    if (this.#numbers.size > this.#maxNumbers) this.#forgetOldest();
    return true;
  }

  get size(): number {
    return this.#numbers.size + this.#forgotten.size;
  }

  #forgetOldest(): void {
    for (const name of this.#numbers) {
      this.#numbers.delete(name);
      const space = name.indexOf(' ');
      const [number, sender] = [Number(name.slice(0, space)), name.slice(space + 1)];
      const highest = Math.max(number, this.#forgotten.get(sender) ?? 0);
      // To the end of the map, which is ordered by the last change.
      this.#forgotten.delete(sender);
      this.#forgotten.set(sender, highest);
      break;
    }
    for (const sender of this.#forgotten.keys()) {
      if (this.#forgotten.size <= this.#maxSenders) break;
      this.#forgotten.delete(sender);
    }
  }
}
