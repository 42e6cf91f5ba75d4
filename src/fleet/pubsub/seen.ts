/** So many numbers are remembered; what they take up is some 10 MB at most. */
const MAX_NUMBERS = 65_536;
const MAX_SENDERS = 4096;

/** Which messages were heard, so that none is heard twice. */
export class Seen {
  /** `number sender`, the earliest first. */
  readonly #heard = new Set<string>();
  /** Of each sender the highest number that is no longer remembered by itself. */
  readonly #forgotten = new Map<string, number>();
  readonly #mostNumbers: number;
  readonly #mostSenders: number;

  constructor(mostNumbers = MAX_NUMBERS, mostSenders = MAX_SENDERS) {
    this.#mostNumbers = mostNumbers;
    this.#mostSenders = mostSenders;
  }

  /**
   * Whether it is heard for the first time. Numbers of one sender rise, but messages of several of
   * his processes may overtake each other; one so late that its number could not be told from one
   * that was forgotten counts as heard.
   */
  isNew(sender: string, number: number): boolean {
    const name = `${number} ${sender}`;
    if (this.#heard.has(name) || number <= (this.#forgotten.get(sender) ?? 0)) return false;
    this.#heard.add(name);
    if (this.#heard.size > this.#mostNumbers) this.#forgetEarliest();
    return true;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#heard.size + this.#forgotten.size;
  }

  #forgetEarliest(): void {
    for (const name of this.#heard) {
      this.#heard.delete(name);
      const space = name.indexOf(' ');
      const [number, sender] = [Number(name.slice(0, space)), name.slice(space + 1)];
      const highest = Math.max(number, this.#forgotten.get(sender) ?? 0);
      // To the end of the map, as the one of whom something was forgotten last.
      this.#forgotten.delete(sender);
      this.#forgotten.set(sender, highest);
      break;
    }
    for (const sender of this.#forgotten.keys()) {
      if (this.#forgotten.size <= this.#mostSenders) break;
      this.#forgotten.delete(sender);
    }
  }
}
