import type { Seconds } from '../../blocklist/entry.ts';
import type { CountedEvents } from '../../log/event-keys.ts';
import type { Store } from '../../store/store.ts';

const BLOCK_SECONDS = 300;
const DAY_BLOCKS = 288;
const MIN_SLOTS = 16;
const START_KEYS = 8;

/**
 * The events that were counted, by this process and before, so that each counts once: as often as
 * in the one log that holds most of them. All methods belong in the transaction that judges a log.
 */
export class SeenEvents implements CountedEvents {
  /** Several logs are judged together. */
  readonly #isShared: boolean;
  readonly #store: Store;
  readonly #blocks = new Map<number, BlockKeys>();
  #block = -1;
  #isOutOfOrder = true;
  /** Events of earlier blocks are not remembered, unless some of their block are known. */
  #firstBlock = 0;
  /** The current block may hold the events that come. */
  #mayRepeat = true;
  /** Undefined if the events of the block are new, and are not remembered. */
  #keys: BlockKeys | undefined;
  /** How many events of the current log are new, and how many were counted before. */
  added = 0;
  repeated = 0;
  from: Seconds | undefined;

  constructor(store: Store, isShared = false) {
    this.#store = store;
    this.#isShared = isShared;
  }

  /**
   * Begins a log. Other processes may have recorded events since the last one.
   * @param windowStart if the log is in order: events before this time are not remembered; they are new,
   * unless the store knows them
   */
  begin(windowStart?: Seconds): void {
    this.#isOutOfOrder = windowStart === undefined;
    const from = this.#isShared ? 0 : (windowStart ?? 0);
    this.#firstBlock = Math.floor(from / BLOCK_SECONDS);
    const earliest = this.#store.events.earliest() ?? Number.POSITIVE_INFINITY;
    this.from = from === 0 ? undefined : Math.min(from, earliest * BLOCK_SECONDS);
    this.added = 0;
    this.repeated = 0;
    this.#block = -1;
    for (const keys of this.#blocks.values()) keys.isLoaded = false;
  }

  count(at: Seconds, key: number): boolean {
    const block = Math.floor(at / BLOCK_SECONDS);
    if (block !== this.#block) this.#turnTo(block);
    const keys = this.#keys;
    const mixed = keys === undefined ? 0 : mix(at, key);
    if (!this.#mayRepeat) keys?.append(mixed);
    else if (keys?.add(mixed) === false) {
      this.repeated++;
      return false;
    }
    this.added++;
    return true;
  }

  /**
   * Stores the new events, but for those more than a day ahead of now. With a window, those that are
   * too old to count are left out and forgotten: at least a window before the latest, and before all
   * pending offences.
   */
  save(now: Seconds, windowSeconds?: number): void {
    const present = Math.floor(now / BLOCK_SECONDS);
    const first = windowSeconds === undefined ? 0 : this.#firstKept(present, windowSeconds);
    for (const [block, keys] of this.#blocks) {
      if (!keys.isChanged) continue;
      keys.isChanged = false;
      if (block < first || block > present + DAY_BLOCKS) continue;
      this.#store.events.put(block, keys.sorted());
    }
    if (first > 0) this.#store.events.prune(first);
  }

  #firstKept(present: number, windowSeconds: number): number {
    const changed = [...this.#blocks].filter(([, { isChanged }]) => isChanged);
    const latest = changed.reduce(
      (most, [block]) => (block > present ? most : Math.max(most, block)),
      this.#store.events.latest(present) ?? 0,
    );
    const pending = this.#store.events.earliestPending() ?? Number.POSITIVE_INFINITY;
    const first = Math.min(latest * BLOCK_SECONDS - windowSeconds, pending);
    return Math.max(0, Math.floor(first / BLOCK_SECONDS));
  }

  #turnTo(block: number): void {
    let keys = this.#blocks.get(block);
    this.#mayRepeat = this.#isOutOfOrder || keys !== undefined;
    keys ??= new BlockKeys();
    if (!keys.isLoaded) this.#load(block, keys);
    const isRemembered = block >= this.#firstBlock || this.#mayRepeat;
    if (isRemembered) this.#blocks.set(block, keys);
    this.#block = block;
    this.#keys = isRemembered ? keys : undefined;
  }

  #load(block: number, keys: BlockKeys): void {
    const stored = this.#store.events.keys(block);
    const { isChanged } = keys;
    for (const key of stored) keys.add(key);
    keys.isChanged = isChanged;
    keys.isLoaded = true;
    this.#mayRepeat ||= stored.length > 0;
  }
}

/** The keys of one block. */
class BlockKeys {
  isLoaded = false;
  isChanged = false;
  /** In the order in which they were added, while none can be there already. */
  #list: Float64Array = new Float64Array(START_KEYS);
  #size = 0;
  /** Open addressing with linear probing; at most half of the slots are taken. */
  #slots: Float64Array | undefined;

  /** Adds a key that is not there. */
  append(key: number): void {
    if (this.#slots !== undefined) {
      this.add(key);
      return;
    }
    if (this.#size === this.#list.length) this.#list = grown(this.#list);
    this.#list[this.#size++] = key;
    this.isChanged = true;
  }

  /** Returns whether the key is new. */
  add(key: number): boolean {
    if (this.#slots === undefined) {
      this.#slots = slotsOf(this.#list.subarray(0, this.#size));
      this.#list = NOTHING;
    }
    const slot = slotOf(this.#slots, key);
    if (this.#slots[slot] === key) return false;
    this.#slots[slot] = key;
    this.#size++;
    this.isChanged = true;
    if (this.#size * 2 > this.#slots.length) this.#slots = slotsOf(this.#slots);
    return true;
  }

  sorted(): Float64Array {
    const keys = this.#slots?.filter((key) => key !== 0) ?? this.#list.slice(0, this.#size);
    return keys.toSorted();
  }
}

const NOTHING = new Float64Array(0);

function grown(list: Float64Array): Float64Array {
  const longer = new Float64Array(list.length * 2);
  longer.set(list);
  return longer;
}

/** A table of the keys; 0 is none. */
function slotsOf(keys: Float64Array): Float64Array {
  const slots = new Float64Array(
    Math.max(MIN_SLOTS, 2 ** Math.ceil(Math.log2(keys.length + 1) + 1)),
  );
  for (const key of keys) if (key !== 0) slots[slotOf(slots, key)] = key;
  return slots;
}

/** The slot of the key, or the free one that it would take. */
function slotOf(slots: Float64Array, key: number): number {
  const mask = slots.length - 1;
  let slot = key & mask;
  for (let taken = slots[slot]; taken !== key && taken !== 0; taken = slots[slot]) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

/** The hash of time and key: 53 bits, never 0. */
function mix(at: Seconds, key: number): number {
  const high = key / 2 ** 32;
  let p = Math.imul(high ^ at, 0x9e3779b1);
  p = Math.imul(p ^ (p >>> 15) ^ key, 0x85ebca77);
  let q = Math.imul(key ^ Math.imul(at, 0x27d4eb2f), 0xc2b2ae3d);
  q = Math.imul(q ^ (q >>> 16) ^ p, 0x165667b1);
  return ((p ^ (p >>> 13)) & 0x1fffff) * 2 ** 32 + ((q ^ (q >>> 15)) >>> 0) || 1;
}
