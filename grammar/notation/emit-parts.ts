import type { State } from './graph.ts';
import { type Machine, NOTHING, READ, STOP } from './machine.ts';
import { isWord } from './reach.ts';
import { type Field, isOfRequest, isValue, namesUser, sessionKind } from './tree.ts';
import {
  block,
  branch,
  branchWhen,
  type Code,
  get,
  int,
  type Label,
  type Local,
  leave,
  loop,
  newLabel,
  op,
  set,
  when,
} from './wasm/code.ts';
import type { FunctionBuilder } from './wasm/module.ts';

/** Leaves the part that is being emitted with a value. */
export type Leave = (value: Code) => Code;

/** A position in the line: the value of a variable, and an offset. */
export interface LinePosition {
  readonly base: Local;
  readonly offset: number;
}

/** Combines the result of one attempt with `all`, and leaves if it is decisive. */
export function keep(value: Local, all: Local, addressAhead: boolean, exit: Leave): Code {
  if (!addressAhead) return when(get(value), exit(get(value)));
  return [when(op(get(value), '==', STOP), exit(STOP)), set(all, op(get(all), '|', get(value)))];
}

/** A part of a function, and the variable with the value that it is left with. */
export interface Part {
  readonly code: Code;
  readonly value: Local;
}

export function valueOf(written: FunctionBuilder, write: (exit: Leave) => Code): Part {
  const value = written.local();
  const label = newLabel();
  const body = write((result) =>
    result === NOTHING ? branch(label) : [set(value, result), branch(label)],
  );
  return { code: [set(value, int(0)), block(label, body)], value };
}

/** The first end of a quoted text, then the others: in front of an address, or after a doubted one. */
export function withDoubts(
  machine: Machine,
  written: FunctionBuilder,
  first: Part,
  others: Part,
  addressAhead: boolean,
  exit: Leave,
): Code {
  const [r, before] = [written.local(), written.local()];
  return [
    set(r, int(0)),
    first.code,
    keep(first.value, r, true, exit),
    set(before, machine.isDoubted()),
    when(addressAhead ? int(1) : get(before), [
      machine.setDoubted(int(1)),
      others.code,
      machine.setDoubted(get(before)),
      keep(others.value, r, true, exit),
    ]),
    exit(get(r)),
  ];
}

/** Runs the body at every position from q down to s; a branch to `again` continues with the next. */
export function downwards(q: Local, s: Local, body: (again: Label) => Code): Code {
  const [top, out, again] = [newLabel(), newLabel(), newLabel()];
  const next = set(q, op(get(q), '-', int(1)));
  const isDone = op(get(q), '<', get(s));
  return block(
    out,
    loop(top, [branchWhen(isDone, out), block(again, body(again)), next, branch(top)]),
  );
}

/** Puts a position with an offset into a variable. */
export function inVariable(
  written: FunctionBuilder,
  at: LinePosition,
  write: (p: Local) => Code,
): Code {
  if (at.offset === 0) return write(at.base);
  const p = written.local();
  return [set(p, positionCode(at)), write(p)];
}

export function fourLocals(written: FunctionBuilder): readonly [Local, Local, Local, Local] {
  return [written.local(), written.local(), written.local(), written.local()];
}

/** Lowers q to the value, if it is above it. */
export function lower(q: Local, value: Code): Code {
  return when(op(get(q), '>', value), set(q, value));
}

/** Puts the end of the WORD that begins at p into w, and lowers q to it. */
export function upToWord(
  machine: Machine,
  next: State,
  { p, q, w }: Readonly<Record<'p' | 'q' | 'w', Local>>,
  e: Local,
  exit: Leave,
): Code {
  const length = op(get(w), '-', get(p));
  return [
    set(w, machine.endOf('WORD', get(p), get(e))),
    passWord(machine, next, length, exit),
    lower(q, get(w)),
  ];
}

/** Raises s to where the rest of the line is not too long for the state. */
export function raise({ most }: State, s: Local, e: Local): Code {
  const lowest = op(get(e), '-', int(most));
  return Number.isFinite(most) ? when(op(get(s), '<', lowest), set(s, lowest)) : [];
}

/** Leaves if the rest of the line is too short or too long. */
export function lengthTest({ least, most }: State, base: Local, e: Local, exit: Leave): Code {
  const rest = op(get(e), '-', get(base));
  return [
    when(op(rest, '<', int(least)), exit(NOTHING)),
    Number.isFinite(most) ? when(op(rest, '>', int(most)), exit(NOTHING)) : [],
  ];
}

export function leaveWhenSpent(machine: Machine, exit: Leave): Code {
  return when(machine.spend(), exit(STOP));
}

/** Stops if a WORD may have pushed the true address out of a truncated line, and takes its steps. */
function passWord(machine: Machine, { addressAhead }: State, length: Code, exit: Leave): Code {
  const isLong = when(machine.isLong(), when(op(length, '>', int(255)), exit(STOP)));
  return [addressAhead ? isLong : [], machine.spendFor(length)];
}

/** Takes the steps of a field that ends at one position, which may be a WORD. */
export function passField(
  machine: Machine,
  field: Field,
  next: State,
  length: Code,
  exit: Leave,
): Code {
  if (isWord(field)) return passWord(machine, next, length, exit);
  return isValue(field) ? [machine.spendFor(length), leaveWhenSpent(machine, exit)] : [];
}

/** Code that forgets, and that takes, what a field that begins at p tells. */
export function capture(
  machine: Machine,
  field: Field,
  p: Local,
): readonly [forget: Code, take: (end: Code) => Code] {
  if (namesUser(field)) return [machine.forgetUser(), (end) => machine.takeUser(get(p), end)];
  if (sessionKind(field) !== undefined) {
    return [machine.forgetSession(), (end) => machine.takeSession(get(p), end)];
  }
  if (isOfRequest(field)) {
    return [
      machine.takePart(field, int(-1), int(-1)),
      (end) => machine.takePart(field, get(p), end),
    ];
  }
  return [[], () => []];
}

export function positionCode({ base, offset }: LinePosition): Code {
  return offset === 0 ? get(base) : op(get(base), '+', int(offset));
}

/**
 * A name instead of an address, then the rest. A name may end with a colon of its own (`unix:`), and
 * with a dot that may as well be a full stop.
 */
export function writeNobody(
  machine: Machine,
  field: Field,
  nobody: FunctionBuilder,
  rest: FunctionBuilder,
): void {
  const [start, end] = [get(0), get(1)];
  const [q, r, s] = [nobody.local(), nobody.local(), nobody.local()];
  const tryAt = (at: Code) =>
    when(op(get(r), '<', STOP), [
      set(s, at),
      when(op(get(s), '>=', int(0)), set(r, op(get(r), '|', rest.call(get(s), end)))),
    ]);
  nobody.write([
    machine.takeNobody(),
    set(r, int(0)),
    set(q, machine.endOfName(field, start, end)),
    tryAt(get(q)),
    field !== 'ENDPOINT'
      ? [
          when(op(get(q), '>=', int(0)), tryAt(machine.pastColon(get(q), end))),
          tryAt(machine.beforeFullStop(start, end)),
        ]
      : [],
    machine.forgetAddress(),
    // STOP takes precedence over READ.
    when(op(get(r), '>', READ), leave(STOP)),
    leave(get(r)),
  ]);
}
