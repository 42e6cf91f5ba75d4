import type { LogTime } from '../time/clock.ts';

const CONNECTION_LIMIT = 65_536;
const SLOT_MASK = CONNECTION_LIMIT * 2 - 1;
/** A process number seen again after so long without a line is another connection. */
const SILENCE_SECONDS = 3600;

/** What is kept of a connection, next to each other in memory. */
const PID = 0;
const ADDRESS = 1;
const TIME = 2;
const ATTEMPTS = 3;
const SIGN = 4;
const COUNTED = 5;
const WORDS = 8;

/**
 * Several lines of one connection tell of one attempt: what a connection counts is the sum of its
 * attempts, or, had it none, its strongest sign. A connection is the lines of one service, process
 * and address. The latest 65,536 connections are known, the oldest goes out for a new one.
 */
export class Connections {
  /** A ring of connections, {@link WORDS} numbers each. */
  readonly #ring = new Uint32Array(CONNECTION_LIMIT * WORDS);
  /** Place in the ring + 1, found by hash; 0 is free. */
  readonly #slots = new Int32Array(SLOT_MASK + 1);
  #next = 0;
  #full = false;

  /**
   * What a line adds to the points of its address: the growth of its connection's total. `pid` -1:
   * the line stands alone.
   */
  add(
    service: number,
    pid: number,
    address: number,
    time: LogTime,
    isAttempt: boolean,
    points: number,
  ): number {
    if (pid < 0) return points;
    const ring = this.#ring;
    // Only how much later it is counts, which 32 bits tell of known times and of others.
    const place = this.#find(pidOfService(service, pid), address, time >>> 0) * WORDS;
    if (isAttempt) ring[place + ATTEMPTS] = (ring[place + ATTEMPTS] ?? 0) + points;
    else if (points > (ring[place + SIGN] ?? 0)) ring[place + SIGN] = points;
    const total = (ring[place + ATTEMPTS] ?? 0) || (ring[place + SIGN] ?? 0);
    const counted = ring[place + COUNTED] ?? 0;
    if (total <= counted) return 0;
    ring[place + COUNTED] = total;
    return total - counted;
  }

  #find(pid: number, address: number, time: number): number {
    const ring = this.#ring;
    let slot = slotOf(pid, address);
    for (let taken = this.#slots[slot] ?? 0; taken !== 0; taken = this.#slots[slot] ?? 0) {
      const at = (taken - 1) * WORDS;
      if (ring[at + PID] === pid && ring[at + ADDRESS] === address) {
        if (time - (ring[at + TIME] ?? 0) > SILENCE_SECONDS) this.#clear(at);
        ring[at + TIME] = time;
        return taken - 1;
      }
      slot = (slot + 1) & SLOT_MASK;
    }
    return this.#open(pid, address, time);
  }

  #open(pid: number, address: number, time: number): number {
    const place = this.#next;
    if (this.#full) this.#release(place);
    this.#next = (place + 1) % CONNECTION_LIMIT;
    if (this.#next === 0) this.#full = true;
    const at = place * WORDS;
    this.#ring[at + PID] = pid;
    this.#ring[at + ADDRESS] = address;
    this.#ring[at + TIME] = time;
    this.#clear(at);
    let slot = slotOf(pid, address);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & SLOT_MASK;
    this.#slots[slot] = place + 1;
    return place;
  }

  #clear(at: number): void {
    this.#ring[at + ATTEMPTS] = 0;
    this.#ring[at + SIGN] = 0;
    this.#ring[at + COUNTED] = 0;
  }

  /** Frees the slot of a place, and moves up those after it that it had pushed on. */
  #release(place: number): void {
    const slots = this.#slots;
    let free = this.#home(place);
    while (slots[free] !== place + 1) free = (free + 1) & SLOT_MASK;
    for (let slot = (free + 1) & SLOT_MASK; slots[slot] !== 0; slot = (slot + 1) & SLOT_MASK) {
      const taken = slots[slot] ?? 0;
      const distance = (slot - this.#home(taken - 1)) & SLOT_MASK;
      if (distance < ((slot - free) & SLOT_MASK)) continue;
      slots[free] = taken;
      free = slot;
    }
    slots[free] = 0;
  }

  #home(place: number): number {
    const at = place * WORDS;
    return slotOf(this.#ring[at + PID] ?? 0, this.#ring[at + ADDRESS] ?? 0);
  }
}

/** Process numbers are below 2^22; the service goes into the bits above. */
function pidOfService(service: number, pid: number): number {
  return ((service << 23) | pid) >>> 0;
}

function slotOf(pid: number, address: number): number {
  let hash = Math.imul(pid, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15) ^ address, 0x85ebca77);
  return (hash ^ (hash >>> 13)) & SLOT_MASK;
}
