import { PID_LIMIT } from '../../header/pid-limit';
import { HOST, MOST_PROGRAMS, PROGRAM_BYTES, PROGRAMS } from './memory-map';

/** `Mmm dd `, the lowest byte first, of the line before; when that day began. */
let day: u64 = 0;
export let dayStart: u32 = 0;
let hostLength: i32 = 0;
let programs: i32 = 0;
let nextPlace: i32 = 0;

const DAY_BITS: u64 = 0x00ff_ffff_ffff_ffff;

/** No line is known until these are told of anew. */
export function forgetHeaders(): void {
  day = 0;
  hostLength = 0;
  programs = 0;
  nextPlace = 0;
}

export function setDay(start: i32, time: u32): void {
  dayStart = time;
  day = load<u64>(start) & DAY_BITS;
}

/** At most 255 bytes. */
export function setHost(start: i32, end: i32): void {
  hostLength = end - start;
  memory.copy(HOST, start, hostLength);
}

/** What is kept of a program; its name begins 24 bytes behind. */
const LENGTH = 0;
export const SCAN = 4;
export const NEXT = 8;
export const FIRST = 12;
export const NEXT_FIRST = 16;
export const IS_KNOWN = 20;
/** Its number among the services, in whose name its lines speak. */
export const SERVICE = 24;
const NAME = 28;
const LONGEST_NAME = PROGRAM_BYTES - NAME - 8;

/**
 * Makes a program known, and returns its place; -1 where its name is too long. Of the table of
 * scanners it has two: the one that reads it, and the one that is asked next. `first` and
 * `nextFirst` are the numbers of their first messages, -1 where there is no such scanner; `isKnown`:
 * it has a grammar of its own. `service`: the number of the one in whose name it speaks.
 */
export function addProgram(
  start: i32,
  end: i32,
  first: i32,
  nextFirst: i32,
  isKnown: bool,
  service: i32,
): i32 {
  if (end - start > LONGEST_NAME) return -1;
  const place = nextPlace;
  nextPlace = (nextPlace + 1) % MOST_PROGRAMS;
  programs = max(programs, place + 1);
  const at = PROGRAMS + place * PROGRAM_BYTES;
  memory.fill(at, 0, PROGRAM_BYTES);
  store<i32>(at + LENGTH, end - start);
  store<i32>(at + SCAN, first < 0 ? -1 : 2 * place);
  store<i32>(at + NEXT, nextFirst < 0 ? -1 : 2 * place + 1);
  store<i32>(at + FIRST, first);
  store<i32>(at + NEXT_FIRST, nextFirst);
  store<i32>(at + IS_KNOWN, <i32>isKnown);
  store<i32>(at + SERVICE, service);
  memory.copy(at + NAME, start, end - start);
  return place;
}

/** Whether the program is known whose name lies there. */
export function knowsProgram(start: i32, end: i32): bool {
  for (let i = 0; i < programs; i++) {
    const at = PROGRAMS + i * PROGRAM_BYTES;
    if (load<i32>(at + LENGTH) === end - start && isName(start, at + NAME, end - start))
      return true;
  }
  return false;
}

/** `Mmm dd hh:mm:ss `, of the day of the line before, as seconds since midnight; -1: another. */
export function secondAt(p: i32): i32 {
  if ((load<u64>(p) & DAY_BITS) !== day) return -1;
  // `hh:mm:ss `, less what they are where all digits are zeros.
  const time = load<u64>(p + 7) ^ 0x3030_3a30_303a_3030;
  if (load<u8>(p + 15) !== 0x20 || (time & 0xf0f0_fff0_f0ff_f0f0) !== 0) return -1;
  const hours = twoAt(time, 0);
  const minutes = twoAt(time, 24);
  const seconds = twoAt(time, 48);
  // A leap second is seldom enough to be read elsewhere. No sum of figures above 9 passes.
  if (hours > 23 || minutes > 59 || seconds > 59 || !areDigits(time)) return -1;
  return hours * 3600 + minutes * 60 + seconds;
}

function twoAt(time: u64, shift: u64): i32 {
  return <i32>((time >> shift) & 15) * 10 + <i32>((time >> (shift + 8)) & 15);
}

/** Six more than 9 is 16: none of the figures may reach it. */
function areDigits(time: u64): bool {
  return ((time + 0x0606_0006_0600_0606) & 0x1010_0010_1000_1010) === 0;
}

/** Behind the host of the line before and a space; -1: another. */
export function afterHost(p: i32): i32 {
  if (hostLength === 0) return -1;
  for (let i = 0; i < hostLength; i++) if (load<u8>(p + i) !== load<u8>(HOST + i)) return -1;
  return load<u8>(p + hostLength) === 0x20 ? p + hostLength + 1 : -1;
}

/** Where the program that is named there is kept; -1: it is not known, or no name ends there. */
export function programAt(p: i32): i32 {
  for (let i = 0; i < programs; i++) {
    const at = PROGRAMS + i * PROGRAM_BYTES;
    const length = load<i32>(at + LENGTH);
    const behind = load<u8>(p + length);
    if ((behind === 0x5b || behind === 0x3a) && isName(p, at + NAME, length)) return at;
  }
  return -1;
}

function isName(p: i32, name: i32, length: i32): bool {
  let i = 0;
  for (; i + 4 <= length; i += 4) if (load<u32>(p + i) !== load<u32>(name + i)) return false;
  for (; i < length; i++) if (load<u8>(p + i) !== load<u8>(name + i)) return false;
  return true;
}

/** Behind the name of a program. */
export function afterName(p: i32, program: i32): i32 {
  return p + load<i32>(program + LENGTH);
}

/** The process number that {@link afterPid} read; -1: there was none. */
export let pid: i32 = -1;

/** Where the message begins, behind `[pid]: ` or `: `; -1: neither stands there. */
export function afterPid(start: i32): i32 {
  let p = start;
  pid = -1;
  if (load<u8>(p) === 0x5b) {
    const digits = ++p;
    pid = 0;
    for (; ; p++) {
      const digit = <i32>load<u8>(p) - 0x30;
      if (<u32>digit > 9) break;
      pid = pid * 10 + digit;
      if (pid > PID_LIMIT) return -1;
    }
    if (p === digits || load<u8>(p++) !== 0x5d) return -1;
  }
  // A message may begin without a space, which is read elsewhere.
  return load<u16>(p) === 0x203a ? p + 2 : -1;
}
