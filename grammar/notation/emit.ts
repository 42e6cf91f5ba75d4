import {
  capture,
  downwards,
  fourLocals,
  inVariable,
  keep,
  type Leave,
  type LinePosition,
  leaveWhenSpent,
  lengthTest,
  lower,
  passField,
  positionCode,
  raise,
  upToWord,
  valueOf,
  withDoubts,
  writeNobody,
} from './emit-parts.ts';
import { differsFrom, firstByteTest, searchTest } from './emit-tests.ts';
import { type FieldState, isRestOfArray, type State, statesOf } from './graph.ts';
import { type Machine, NOTHING, STOP } from './machine.ts';
import {
  doubtedStates,
  doubtfulStates,
  isSearched,
  isWord,
  revisitedStates,
  statesApart,
} from './reach.ts';
import { isValue, namesAddress } from './tree.ts';
import {
  type Code,
  type Global,
  get,
  getGlobal,
  int,
  type Local,
  leave,
  op,
  set,
  setGlobal,
  when,
} from './wasm/code.ts';
import type { FunctionBuilder } from './wasm/module.ts';

/** The parameters of every emitted function: its beginning in the memory, and the end of the line. */
const P: Local = 0;
const E: Local = 1;

/**
 * Emits the function that finds every reading of the bytes from p to e as this message, as far as they
 * can differ in the address.
 *
 * A state that several others lead to is a function of its own, which matches from p to the end of the
 * line; so is one at a depth that would need too much stack. Other states are emitted inline. The value
 * is NOTHING, READ, or STOP if two readings disagree or the line has taken too many steps. If no
 * ADDRESS is ahead, further readings cannot change the address, so the first one is enough.
 */
export function writeMessage(machine: Machine, start: State, message: number): FunctionBuilder {
  return new Writer(machine, start, message).write();
}

class Writer {
  readonly #machine: Machine;
  readonly #start: State;
  readonly #message: number;
  /** The states that are functions of their own. */
  readonly #apart: ReadonlyMap<State, FunctionBuilder>;
  readonly #revisited: ReadonlySet<State>;
  readonly #doubtful: ReadonlySet<State>;
  readonly #doubted: ReadonlySet<State>;
  /** Variables for the lowest position tried, which are reset for each line. */
  readonly #marks: Global[] = [];
  /** The function that is being emitted. */
  #function: FunctionBuilder;

  constructor(machine: Machine, start: State, message: number) {
    this.#machine = machine;
    this.#start = start;
    this.#message = message;
    const states = statesOf(start);
    const apart = statesApart(states).map((state) => [state, machine.module.declare(2)] as const);
    this.#apart = new Map(apart);
    this.#revisited = revisitedStates(states);
    this.#doubtful = doubtfulStates(states);
    this.#doubted = doubtedStates(states);
    this.#function = machine.module.declare(2);
  }

  write(): FunctionBuilder {
    const whole = this.#function;
    for (const [state, written] of this.#apart) this.#writeInto(written, () => this.#body(state));
    // The marks are only known afterwards.
    const body = this.#writeInto(whole, () => this.#body(this.#start));
    const marks = this.#marks.map((mark) => setGlobal(mark, op(get(E), '+', int(1))));
    whole.write([...marks, this.#machine.beginMessage(), body]);
    return whole;
  }

  #writeInto(written: FunctionBuilder, write: () => Code): Code {
    const before = this.#function;
    this.#function = written;
    const body = write();
    written.write(body);
    this.#function = before;
    return body;
  }

  #body(state: State): Code {
    return this.#inline(state, { base: P, offset: 0 }, leave);
  }

  /** Matches `state` at this position. */
  #match(state: State, at: LinePosition, exit: Leave): Code {
    const written = this.#apart.get(state);
    return written === undefined
      ? this.#inline(state, at, exit)
      : exit(written.call(positionCode(at), get(E)));
  }

  #inline(state: State, at: LinePosition, exit: Leave): Code {
    if (state.type === 'end') {
      return [
        when(op(positionCode(at), '!=', get(E)), exit(NOTHING)),
        exit(this.#machine.accept(this.#message)),
      ];
    }
    if (state.type === 'choice') {
      return inVariable(this.#function, at, (p) =>
        this.#choice(state.branches, state.addressAhead, p, exit),
      );
    }
    // The length of all that follows is known, so one test for each base is enough.
    const lengths = at.offset === 0 ? lengthTest(state, at.base, E, exit) : [];
    if (state.type === 'literal') {
      const [first = [], ...others] = differsFrom(state.bytes, at.base, at.offset);
      const { base, offset } = at;
      return [
        lengths,
        when(first, exit(NOTHING)),
        ...others.map((differs) => when(differs, exit(NOTHING))),
        this.#match(state.next, { base, offset: offset + state.bytes.length }, exit),
      ];
    }
    return [lengths, inVariable(this.#function, at, (p) => this.#field(state, p, exit))];
  }

  #field(state: FieldState, p: Local, exit: Leave): Code {
    const { field, next } = state;
    if (isSearched(state)) return this.#search(state, p, exit);
    if (namesAddress(field)) return this.#peer(state, p, exit);
    if (this.#doubted.has(state)) return this.#quoted(state, p, exit);
    if (field !== 'INT') return this.#noted(state, p, exit);
    const q = this.#function.local();
    return [
      set(q, this.#machine.endOf(field, get(p), get(E))),
      when(op(get(q), '<', int(0)), exit(NOTHING)),
      this.#match(next, { base: q, offset: 0 }, exit),
    ];
  }

  #peer(state: FieldState, p: Local, exit: Leave): Code {
    const machine = this.#machine;
    const q = this.#function.local();
    const nobody = this.#nobody(state);
    const after = valueOf(this.#function, (inner) =>
      this.#match(state.next, { base: q, offset: 0 }, inner),
    );
    return [
      set(q, machine.endOf(state.field, get(p), get(E))),
      when(op(get(q), '<', int(0)), exit(nobody.call(get(p), get(E)))),
      machine.takeAddress(),
      state.field === 'ADDRESS' ? [] : machine.takePort(),
      after.code,
      machine.forgetAddress(),
      this.#doubtful.has(state)
        ? when(machine.isLong(), when(get(after.value), set(after.value, STOP)))
        : [],
      exit(get(after.value)),
    ];
  }

  /**
   * A field that ends at one position. What it tells, of a port, the connection or the user, is
   * forgotten where the rest does not match.
   */
  #noted(state: FieldState, p: Local, exit: Leave): Code {
    const { field, next } = state;
    const machine = this.#machine;
    const [q, before] = [this.#function.local(), this.#function.local()];
    const after = valueOf(this.#function, (inner) =>
      this.#match(next, { base: q, offset: 0 }, inner),
    );
    const isPort = field === 'PORT' || field === 'SESSION-PORT';
    const [forget, take] = capture(machine, field, p);
    const length = op(get(q), '-', get(p));
    // A quoted text may be empty.
    const least = isValue(field) ? int(0) : op(get(p), '+', int(1));
    return [
      set(q, machine.endOf(field, get(p), get(E), isRestOfArray(state))),
      when(op(get(q), '<', least), exit(NOTHING)),
      passField(machine, field, next, length, exit),
      isPort ? [set(before, machine.port()), machine.takePort()] : [],
      take(get(q)),
      after.code,
      isPort ? machine.setPort(get(before)) : [],
      forget,
      exit(get(after.value)),
    ];
  }

  /**
   * A quoted text in front of the address, which a service that escapes no quotes could have ended at any
   * later one: what it then names must be the same. So could it have done with those after the address.
   */
  #quoted(state: FieldState, p: Local, exit: Leave): Code {
    const first = valueOf(this.#function, (inner) => this.#noted(state, p, inner));
    const others = valueOf(this.#function, (inner) => this.#search(state, p, inner));
    const isAhead = state.next.addressAhead;
    return withDoubts(this.#machine, this.#function, first, others, isAhead, exit);
  }

  /**
   * A function that reads a name instead of an address, which names nobody. It is a function of its
   * own, as it is rarely called.
   */
  #nobody({ field, next }: FieldState): FunctionBuilder {
    const machine = this.#machine;
    const rest = machine.module.declare(2);
    this.#writeInto(rest, () => this.#body(next));
    const nobody = machine.module.declare(2);
    writeNobody(machine, field, nobody, rest);
    return nobody;
  }

  #choice(branches: readonly State[], addressAhead: boolean, p: Local, exit: Leave): Code {
    const r = this.#function.local();
    const tries = branches.map((one) => {
      // A literal is compared at once; a guard only saves the call of a function.
      const guarded = one.least > 0 && one.type !== 'literal';
      const test = guarded ? firstByteTest(one, p) : undefined;
      const tried = valueOf(this.#function, (inner) => [
        test === undefined ? [] : when(op(op(get(p), '>=', get(E)), '|', test), inner(NOTHING)),
        this.#match(one, { base: p, offset: 0 }, inner),
      ]);
      return [tried.code, keep(tried.value, r, addressAhead, exit)];
    });
    return [leaveWhenSpent(this.#machine, exit), set(r, int(0)), ...tries, exit(get(r))];
  }

  /** A field of any length: tries what follows at every possible position, the last first. */
  #search(state: FieldState, p: Local, exit: Leave): Code {
    const machine = this.#machine;
    const { field, next } = state;
    const [forget, take] = capture(machine, field, p);
    if (next.type === 'end') {
      const r = this.#function.local();
      return [take(get(E)), set(r, machine.accept(this.#message)), forget, exit(get(r))];
    }
    const [q, r, s, w] = fourLocals(this.#function);
    const isOneWord = isWord(field);
    // Positions that were tried from an earlier beginning of this field yield nothing new.
    const mark =
      !isOneWord && next.addressAhead && this.#revisited.has(state) ? this.#newMark() : undefined;
    const tried = valueOf(this.#function, (inner) =>
      next.type === 'literal'
        ? this.#match(next.next, { base: q, offset: next.bytes.length }, inner)
        : this.#match(next, { base: q, offset: 0 }, inner),
    );
    const width = op(get(q), '-', get(s));
    return [
      set(q, op(get(E), '-', int(next.least))),
      isOneWord ? upToWord(machine, next, { p, q, w }, E, exit) : [],
      mark ? lower(q, op(getGlobal(mark), '-', int(1))) : [],
      set(r, int(0)),
      set(s, isOneWord ? op(get(p), '+', int(1)) : get(p)),
      raise(next, s, E),
      when(op(width, '>=', int(64)), machine.spendFor(width)),
      downwards(q, s, (again) => [
        searchTest(next, q, E, again),
        leaveWhenSpent(machine, exit),
        take(get(q)),
        tried.code,
        keep(tried.value, r, next.addressAhead, exit),
      ]),
      mark ? when(op(get(p), '<', getGlobal(mark)), setGlobal(mark, get(p))) : [],
      forget,
      exit(get(r)),
    ];
  }

  #newMark(): Global {
    const mark = this.#machine.module.global(0);
    this.#marks.push(mark);
    return mark;
  }
}
