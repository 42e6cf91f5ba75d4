import {
  FINDING_BYTES,
  FINDINGS,
  MOST_FINDINGS,
  READING,
} from '../../../../grammar/fields/memory-map';
import { connect, setKey } from './connections';
import {
  addProgram,
  afterHost,
  afterName,
  afterPid,
  dayStart,
  FIRST,
  forgetHeaders,
  IS_KNOWN,
  knowsProgram,
  NEXT,
  NEXT_FIRST,
  pid,
  programAt,
  SCAN,
  SERVICE,
  secondAt,
  setDay,
  setHost,
} from './header';
import {
  ADDRESS,
  AMBIGUOUS_LINES,
  COUNTS,
  END,
  FOUND,
  LAST_SECOND,
  LINE_END,
  LINE_START,
  LINES,
  LOGIN,
  MATCHED,
  MESSAGE,
  NUMBER,
  PASSED,
  PASSED_END,
  PASSED_START,
  POINTS,
  SECOND,
  START,
  UNMATCHED,
  WEIGHTS,
} from './memory-map';
import { newlineAt } from './newline';

export { addProgram, connect, forgetHeaders, knowsProgram, setDay, setHost, setKey };

const NO_MATCH = -1;
const AMBIGUOUS = -2;
/** `message `, with which a repetition begins. */
const REPETITION: u64 = 0x20_6567_6173_7365_6d;
/** Longer lines may have been cut. */
const LONGEST_LINE = 1000;

/** The number of the log that is skimmed. */
let log: i32 = 0;

export function setLog(number: i32): void {
  log = number;
}

/**
 * Passes over the lines from `start` on whose header is like that of a line before, as far as it
 * can, and counts them; of those with an address whose points count, and of logins, it makes
 * findings. Stops at a line that must be read with care, where there is no whole line before `end`,
 * and where there is no room for more findings.
 */
export function skim(start: i32, end: i32): void {
  let passed = 0;
  let p = start;
  store<i32>(FOUND, 0);
  while (true) {
    const lineEnd = newlineAt(p, end);
    store<i32>(LINE_START, p);
    store<i32>(LINE_END, lineEnd);
    if (lineEnd < 0 || load<i32>(FOUND) === MOST_FINDINGS) break;
    const second = secondAt(p);
    if (second < load<i32>(LAST_SECOND) || lineEnd - p > LONGEST_LINE) break;
    const name = afterHost(p + 16);
    if (name < 0) break;
    const program = programAt(name);
    if (program < 0) break;
    const message = afterPid(afterName(name, program));
    const messageEnd = load<u8>(lineEnd - 1) === 0x0d ? lineEnd - 1 : lineEnd;
    if (message < 0 || message > messageEnd) break;
    if (load<u8>(message) === 0x5b || load<u64>(message) === REPETITION) break;
    store<i32>(LAST_SECOND, second);
    store<i32>(PASSED_START, p);
    store<i32>(PASSED_END, messageEnd);
    passed++;
    if (load<i32>(program + SCAN) >= 0) {
      const found = messageOf(program, message, messageEnd);
      if (found >= 0) weigh(program, found, second, passed);
    }
    p = lineEnd + 1;
  }
  store<i32>(PASSED, passed);
  store<i32>(LINES, load<i32>(LINES) + passed);
}

/** The number of the message that was read, among those of all services; -1: none was. */
function messageOf(program: i32, start: i32, end: i32): i32 {
  let found = call_indirect<i32>(load<i32>(program + SCAN), start, end);
  let first = load<i32>(program + FIRST);
  if (found === NO_MATCH) {
    const next = load<i32>(program + NEXT);
    if (next >= 0) {
      found = call_indirect<i32>(next, start, end);
      first = load<i32>(program + NEXT_FIRST);
    }
  }
  if (found >= 0) return first + found;
  if (found === AMBIGUOUS) count(AMBIGUOUS_LINES);
  // Of a program that nobody knows it says nothing that any program says.
  else if (load<i32>(program + IS_KNOWN)) count(UNMATCHED);
  return -1;
}

/** Counts a message that was read, and makes a finding of it where it must be heard of. */
function weigh(program: i32, message: i32, second: i32, number: i32): void {
  count(MATCHED);
  count(COUNTS + 4 * message);
  const weight = load<i32>(WEIGHTS + 4 * message);
  if (weight === 0 || load<i32>(READING) === 0) return;
  let points = 0;
  if (weight !== LOGIN) {
    const time = dayStart + second;
    points = connect(log, load<i32>(program + SERVICE), pid, time, (weight & 1) !== 0, weight >> 1);
    if (points === 0) return;
  }
  const at = FINDINGS + FINDING_BYTES * load<i32>(FOUND);
  count(FOUND);
  store<i32>(at + MESSAGE, message);
  store<i32>(at + POINTS, points);
  store<i32>(at + SECOND, second);
  store<i32>(at + NUMBER, number);
  store<i32>(at + START, load<i32>(PASSED_START));
  store<i32>(at + END, load<i32>(PASSED_END));
  store<i32>(at + ADDRESS, load<i32>(READING));
  store<u64>(at + ADDRESS + 4, load<u64>(READING + 4));
  store<u64>(at + ADDRESS + 12, load<u64>(READING + 12));
}

function count(at: i32): void {
  store<i32>(at, load<i32>(at) + 1);
}
