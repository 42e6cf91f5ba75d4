import { type State, statesOf } from './graph.ts';
import { type Machine, STOP } from './machine.ts';
import { AMBIGUOUS } from './scanner.ts';
import { namesAddress } from './tree.ts';
import {
  block,
  branch,
  branchTo,
  type Code,
  get,
  int,
  type Local,
  leave,
  load,
  newLabel,
  op,
  selectValue,
  set,
  when,
} from './wasm/code.ts';
import type { FunctionBuilder } from './wasm/module.ts';

/** The parameters of `scan`. */
const P: Local = 0;
const E: Local = 1;
const NO_BYTE = 256;

/**
 * Code for `scan` that tries, in the order of the file, the messages that a line can be by its first
 * bytes.
 */
export function dispatch(
  machine: Machine,
  starts: readonly State[],
  messages: readonly FunctionBuilder[],
): Code {
  const entries = starts.flatMap((start, message) =>
    leadsOf(start, new Map()).map((lead) => ({ lead, message })),
  );
  const noAddress = starts.map((start) => !statesOf(start).some(isAddress));
  return new Chooser(machine, messages, noAddress).code(entries);
}

interface Entry {
  /** The first bytes of a line that is the message by one of its branches. */
  readonly lead: readonly number[];
  /** The index of the message. */
  readonly message: number;
}

/** More calls would make a module that is slow to load. */
const MAX_CALLS = 50_000;
const MAX_LEADS = 64;
const MAX_LEAD_BYTES = 64;

type Leads = readonly (readonly number[])[];

/** The texts with which a state can begin, each as far as it is fixed. */
function leadsOf(state: State, known: Map<State, Leads>): Leads {
  const before = known.get(state);
  if (before) return before;
  let leads: Leads = [[]];
  if (state.type === 'choice') {
    const all = state.branches.flatMap((one) => leadsOf(one, known));
    if (all.length <= MAX_LEADS) leads = all;
  } else if (state.type === 'literal') {
    const after = leadsOf(state.next, known);
    leads = after.map((rest) => [...state.bytes, ...rest].slice(0, MAX_LEAD_BYTES));
  }
  known.set(state, leads);
  return leads;
}

/**
 * Compares only bytes that distinguish messages; the messages themselves compare the rest. Each
 * comparison is a function, and so are messages that are tried together, so that V8 optimises only
 * those that the lines of a log need. What several comparisons lead to is written once.
 */
class Chooser {
  readonly #machine: Machine;
  readonly #messages: readonly FunctionBuilder[];
  readonly #noAddress: readonly boolean[];
  /** By what they are to distinguish, or to try. Their value is that of `scan`. */
  readonly #functions = new Map<string, FunctionBuilder>();
  /** The number of calls emitted so far. */
  #calls = 0;

  constructor(
    machine: Machine,
    messages: readonly FunctionBuilder[],
    noAddress: readonly boolean[],
  ) {
    this.#machine = machine;
    this.#messages = messages;
    this.#noAddress = noAddress;
  }

  /** If too many messages can begin with any byte, all are called in turn. */
  code(entries: readonly Entry[]): Code {
    const chosen = this.#choose(entries, 0);
    return this.#calls > MAX_CALLS ? this.#try(messagesOf(entries)) : chosen;
  }

  #choose(entries: readonly Entry[], depth: number): Code {
    if (this.#calls > MAX_CALLS) return [];
    const at = dividingByte(entries, depth);
    const live = entries.filter(({ lead }) => lead.length > at);
    if (live.length === 0 || (depth > 0 && messagesOf(live).length === 1)) {
      return this.#try(messagesOf(entries));
    }
    const key = entries.map(({ lead, message }) => `${message}:${lead.slice(at).join()}`);
    return this.#call(`${at} ${key.join(' ')}`, (written) => {
      const bytes = [...new Set(live.map(({ lead }) => lead[at] ?? -1))].toSorted((p, q) => p - q);
      const cases = bytes.map((byte) => ({
        byte,
        code: this.#choose(
          entries.filter(({ lead }) => lead.length <= at || lead[at] === byte),
          at + 1,
        ),
      }));
      const ended = this.#try(messagesOf(entries.filter(({ lead }) => lead.length <= at)));
      // The bytes after the end of the line are undefined.
      const isThere = op(op(get(E), '-', get(P)), '>', int(at));
      const byte = written.local();
      return [
        set(byte, selectValue(isThere, load(1, get(P), at), int(NO_BYTE))),
        byCase(byte, cases, ended),
      ];
    });
  }

  #try(messages: readonly number[]): Code {
    if (messages.length === 0) return [];
    return this.#call(messages.join(), () => {
      this.#calls += messages.length;
      return messages.map((message) => {
        const called = this.#messages[message]?.call(get(P), get(E)) ?? int(0);
        const tried = when(op(called, '==', STOP), leave(int(AMBIGUOUS)));
        // Two readings without an address cannot disagree.
        return this.#noAddress[message] ? when(this.#machine.wantsAddressless(), tried) : tried;
      });
    });
  }

  /** Leaves with the value of the function with this key, which is written if it is new. */
  #call(key: string, write: (written: FunctionBuilder) => Code): Code {
    this.#calls++;
    const known = this.#functions.get(key);
    const called = known ?? this.#machine.module.declare(2);
    if (known === undefined) {
      this.#functions.set(key, called);
      called.write([write(called), leave(this.#machine.result())]);
    }
    return leave(called.call(get(P), get(E)));
  }
}

/** Runs the code for the value of the byte, or `otherwise`. */
function byCase(
  byte: Local,
  cases: readonly { readonly byte: number; readonly code: Code }[],
  otherwise: Code,
): Code {
  const first = cases[0]?.byte ?? 0;
  const last = cases.at(-1)?.byte ?? 0;
  const end = newLabel();
  const labels = new Map(cases.map((one) => [one.byte, newLabel()]));
  const none = newLabel();
  const targets = Array.from({ length: last - first + 1 }, (_, i) => labels.get(first + i) ?? none);
  const jump = branchTo(op(get(byte), '-', int(first)), [...targets, none]);
  const inner = cases.reduce(
    (code: Code, one) => [block(labels.get(one.byte) ?? none, code), one.code, branch(end)],
    jump,
  );
  return block(end, [block(none, inner), otherwise]);
}

/** The first index from `depth` on at which the leads differ. */
function dividingByte(entries: readonly Entry[], depth: number): number {
  for (let at = depth; ; at++) {
    const bytes = new Set(entries.map(({ lead }) => lead[at]));
    if (bytes.size !== 1 || bytes.has(undefined)) return at;
  }
}

function messagesOf(entries: readonly Entry[]): readonly number[] {
  return [...new Set(entries.map(({ message }) => message))].toSorted((p, q) => p - q);
}

function isAddress(state: State): boolean {
  return state.type === 'field' && namesAddress(state.field);
}
