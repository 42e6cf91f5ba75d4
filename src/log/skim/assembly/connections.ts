import {
  CONNECTION_BYTES,
  CONNECTION_LIMIT,
  CONNECTIONS,
  READING,
  SLOT_COUNT,
} from '../../../../grammar/fields/memory-map';

/** A process number seen again after so long without a line is another connection. */
const SILENCE_SECONDS: i64 = 3600;

/** What is kept of a connection, next to each other in memory; four bytes each, CONNECTION_BYTES in all. */
const PROCESS = 0;
const LOG = 4;
/** Its four words. */
const ADDRESS = 8;
const TIME = 24;
const ATTEMPTS = 28;
const SIGN = 32;
const COUNTED = 36;

/**
 * Where connections are found by hash: place in the ring + 1, and above that bits of the hash, so
 * that few others are looked at; 0 is free. Slots of connections that went out stay, until so many
 * are taken that all are made anew: they are those of others then, which tell by what they are.
 */
const SLOTS = CONNECTIONS + CONNECTION_LIMIT * CONNECTION_BYTES;
const PLACE_BITS = 17;
const PLACE_MASK = (1 << PLACE_BITS) - 1;
const MOST_TAKEN = CONNECTION_LIMIT + CONNECTION_LIMIT / 2;

/** Whoever knew it could choose addresses that all have the same slots. */
let key: u64 = 0;

export function setKey(high: u32, low: u32): void {
  key = ((<u64>high) << 32) | low;
}

let next: i32 = 0;
/** How many places of the ring are in use, and how many slots are taken. */
let count: i32 = 0;
let taken: i32 = 0;

/**
 * Several lines of one connection tell of one attempt: what a connection counts is the sum of its
 * attempts, or, had it none, its strongest sign. A connection is the lines of one log, service,
 * process (-1: the line stands alone) and address, which is the one that was read last. The latest
 * 65,536 connections are known, the oldest goes out for a new one.
 *
 * Returns what the line adds to the points of its address: the growth of its connection's total.
 */
export function connect(
  log: i32,
  service: i32,
  pid: i32,
  time: u32,
  isAttempt: bool,
  points: u32,
): u32 {
  if (pid < 0) return points;
  // Process numbers are below 2^22; the service goes into the bits above.
  const at = connectionOf((service << 23) | pid, (log << 3) | load<i32>(READING), time);
  if (isAttempt) store<u32>(at + ATTEMPTS, load<u32>(at + ATTEMPTS) + points);
  else if (points > load<u32>(at + SIGN)) store<u32>(at + SIGN, points);
  const attempts = load<u32>(at + ATTEMPTS);
  const total = attempts ? attempts : load<u32>(at + SIGN);
  const counted = load<u32>(at + COUNTED);
  if (total <= counted) return 0;
  store<u32>(at + COUNTED, total);
  return total - counted;
}

function connectionOf(process: i32, log: i32, time: u32): i32 {
  const high = load<u64>(READING + 4);
  const low = load<u64>(READING + 12);
  const hash = hashOf(process, log, high, low);
  for (let slot = homeOf(hash); ; slot = nextSlot(slot)) {
    const found = load<u32>(slot);
    if (found === 0) break;
    if (found >> PLACE_BITS !== tagOf(hash)) continue;
    const at = placeOf((found & PLACE_MASK) - 1);
    if (
      load<i32>(at + PROCESS) === process &&
      load<i32>(at + LOG) === log &&
      load<u64>(at + ADDRESS) === high &&
      load<u64>(at + ADDRESS + 8) === low
    ) {
      if (<i64>time - <i64>load<u32>(at + TIME) > SILENCE_SECONDS) clear(at);
      store<u32>(at + TIME, time);
      return at;
    }
  }
  const at = placeOf(next);
  store<i32>(at + PROCESS, process);
  store<i32>(at + LOG, log);
  store<u64>(at + ADDRESS, high);
  store<u64>(at + ADDRESS + 8, low);
  store<u32>(at + TIME, time);
  clear(at);
  enter(hash, next);
  next = (next + 1) % CONNECTION_LIMIT;
  count = min(count + 1, CONNECTION_LIMIT);
  if (taken === MOST_TAKEN) enterAll();
  return at;
}

/** Takes a slot for a connection. */
function enter(hash: u64, index: i32): void {
  let slot = homeOf(hash);
  while (load<u32>(slot) !== 0) slot = nextSlot(slot);
  store<u32>(slot, (tagOf(hash) << PLACE_BITS) | (index + 1));
  taken++;
}

function enterAll(): void {
  memory.fill(SLOTS, 0, SLOT_COUNT * 4);
  taken = 0;
  for (let index = 0; index < count; index++) {
    const at = placeOf(index);
    const high = load<u64>(at + ADDRESS);
    const low = load<u64>(at + ADDRESS + 8);
    enter(hashOf(load<i32>(at + PROCESS), load<i32>(at + LOG), high, low), index);
  }
}

function clear(at: i32): void {
  store<u32>(at + ATTEMPTS, 0);
  store<u32>(at + SIGN, 0);
  store<u32>(at + COUNTED, 0);
}

function placeOf(index: i32): i32 {
  return CONNECTIONS + index * CONNECTION_BYTES;
}

function hashOf(process: i32, log: i32, high: u64, low: u64): u64 {
  let hash = (key ^ <u64>process ^ ((<u64>log) << 32)) * 0x9e37_79b9_7f4a_7c15;
  hash = (hash ^ (hash >> 29) ^ high) * 0xbf58_476d_1ce4_e5b9;
  hash = (hash ^ (hash >> 32) ^ low) * 0x94d0_49bb_1331_11eb;
  // So that the highest bits of an address count in the middle too.
  return (hash ^ (hash >> 29)) * 0xbf58_476d_1ce4_e5b9;
}

function tagOf(hash: u64): u32 {
  return <u32>(hash >> 49);
}

function homeOf(hash: u64): i32 {
  return SLOTS + ((<i32>(hash >> 32) & (SLOT_COUNT - 1)) << 2);
}

function nextSlot(slot: i32): i32 {
  return SLOTS + ((slot - SLOTS + 4) & (SLOT_COUNT * 4 - 1));
}
