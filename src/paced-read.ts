/** A read takes at most this share of the time, and is repeated no sooner than this. */
const MAX_SHARE = 1 / 50;
const MIN_MILLISECONDS = 1000;
/** Items read before other work of the process gets its turn. */
const SLICE = 2000;

/** Waits for other work, whose time is not that of the read. */
export type Aside = <T>(other: () => Promise<T>) => Promise<T>;

/** The result of a costly read, kept for as long as the read is to be repeated seldom. */
export class PacedRead<T> {
  readonly #read: (aside: Aside) => Promise<T>;
  #result: Promise<T> | undefined;
  #staleAt = 0;

  constructor(read: (aside: Aside) => Promise<T>) {
    this.#read = read;
  }

  /** Whether `get` would read again. */
  isOld(): boolean {
    return performance.now() >= this.#staleAt;
  }

  get(): Promise<T> {
    if (this.#result === undefined || this.isOld()) {
      this.#staleAt = Number.POSITIVE_INFINITY;
      this.#result = this.#run();
    }
    return this.#result;
  }

  async #run(): Promise<T> {
    let worked = 0;
    let startedAt = performance.now();
    const aside: Aside = async (other) => {
      worked += performance.now() - startedAt;
      try {
        return await other();
      } finally {
        startedAt = performance.now();
      }
    };
    try {
      return await this.#read(aside);
    } finally {
      const now = performance.now();
      worked += now - startedAt;
      this.#staleAt = now + Math.max(MIN_MILLISECONDS, worked / MAX_SHARE);
    }
  }
}

/** Takes each item; between slices of them other work gets its turn. */
export async function inSlices<T>(
  items: Iterable<T>,
  aside: Aside,
  take: (item: T) => void,
): Promise<void> {
  let taken = 0;
  for (const item of items) {
    take(item);
    if (++taken % SLICE === 0) await aside(() => new Promise(setImmediate));
  }
}
