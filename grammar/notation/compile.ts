import { dispatch } from './dispatch.ts';
import { writeMessage } from './emit.ts';
import { flatten } from './flatten.ts';
import { graphOf } from './graph.ts';
import { LONG_LINE, STEP_LIMIT } from './limits.ts';
import { Machine } from './machine.ts';
import type { Message } from './scanner.ts';
import type { Grammar } from './tree.ts';
import { get, leave, op } from './wasm/code.ts';
import { ModuleBuilder } from './wasm/module.ts';

/** A grammar as it is kept until a line needs it. */
export interface CompiledGrammar {
  readonly service: string;
  readonly programs: readonly string[];
  readonly messages: readonly Message[];
  /**
   * A module of WebAssembly that exports `scan(start, end)`: the index of the message that the
   * bytes of the memory are, NO_MATCH or AMBIGUOUS; what it read lies at READING.
   */
  readonly wasm: Uint8Array;
}

/**
 * Compiles a grammar that was checked. No text of a grammar becomes code: literals are compared with
 * numbers, and functions and variables have no names.
 */
export function compileGrammar({ service, programs, rules, messages }: Grammar): CompiledGrammar {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const starts = messages.map(({ name, body }) => {
    const flat = flatten(body, byName);
    if (!flat) throw new RangeError(`${name} was not checked before it was compiled`);
    return graphOf(flat);
  });
  const module = new ModuleBuilder();
  const machine = new Machine(module);
  const written = starts.map((start, message) => writeMessage(machine, start, message));
  const scan = module.declare(2, 'scan');
  const length = op(get(1), '-', get(0));
  scan.write([
    machine.beginLine(length, LONG_LINE, STEP_LIMIT),
    dispatch(machine, starts, written, scan.local()),
    leave(machine.found()),
  ]);
  const described = messages.map(({ name, kind, points = 0 }) => ({ name, kind, points }));
  return { service, programs, messages: described, wasm: module.bytes() };
}
