import { dispatch } from './dispatch.ts';
import { writeMessage } from './emit.ts';
import { fileFormOf } from './file-form.ts';
import { flatten } from './flatten.ts';
import { graphOf, type State, statesOf } from './graph.ts';
import { LONG_LINE, STEP_LIMIT } from './limits.ts';
import { Machine } from './machine.ts';
import type { GrammarMessage, ServiceDeclaration } from './scanner.ts';
import {
  type Field,
  type Grammar,
  isOfRequest,
  type MessageRule,
  namesAddress,
  namesUser,
  sessionKind,
} from './tree.ts';
import { get, leave, op } from './wasm/code.ts';
import { ModuleBuilder } from './wasm/module.ts';

/** A compiled grammar. */
export interface CompiledGrammar extends ServiceDeclaration {
  readonly messages: readonly GrammarMessage[];
  /**
   * A WebAssembly module that exports `scan(start, end)`, which returns the index of the message in
   * these bytes of the memory, NO_MATCH or AMBIGUOUS, and leaves a Reading in the memory.
   */
  readonly wasm: Uint8Array;
}

/**
 * Compiles a checked grammar. No text of a grammar becomes code: literals become numbers that are
 * compared, and functions and variables have no names.
 */
export function compileGrammar({ rules, messages, ...service }: Grammar): CompiledGrammar {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const starts = messages.map(({ name, body }) => {
    const flat = flatten(body, byName);
    if (!flat) throw new RangeError(`${name} was not checked before it was compiled`);
    return graphOf(flat);
  });
  const module = new ModuleBuilder();
  const usesRequest = starts.some((start) => fieldsOf(start).some(isOfRequest));
  const machine = new Machine(module, usesRequest);
  const written = starts.map((start, message) => writeMessage(machine, start, message));
  const scan = module.declare(2, 'scan');
  const length = op(get(1), '-', get(0));
  scan.write([
    machine.beginLine(length, LONG_LINE, STEP_LIMIT),
    dispatch(machine, starts, written),
    leave(machine.result()),
  ]);
  const described = messages.map((message, index) => describe(message, starts[index]));
  return { ...service, file: fileFormOf({ rules }), messages: described, wasm: module.bytes() };
}

function describe(
  { name, kind, points = kind === 'witness' ? 1 : 0, role }: MessageRule,
  start?: State,
): GrammarMessage {
  const fields = start ? fieldsOf(start) : [];
  const session = fields.map(sessionKind).find((one) => one !== undefined);
  const takesPeer = (kind !== 'note' && !fields.some(namesAddress)) || undefined;
  const request = fields.some(isOfRequest) ? 'any' : undefined;
  const hasUser = fields.some(namesUser) || undefined;
  return { name, kind, points, role, session, takesPeer, namesUser: hasUser, request };
}

function fieldsOf(start: State): readonly Field[] {
  return statesOf(start).flatMap((state) => (state.type === 'field' ? [state.field] : []));
}
