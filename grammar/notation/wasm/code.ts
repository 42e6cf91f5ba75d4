/**
 * The instructions of WebAssembly (Core Specification 2.0, 5.4) that scanners need. All values are
 * 32-bit integers; 64-bit ones are only compared.
 */
export type Code = readonly Part[];

type Part = number | Code | Scope | Branch;

/** The target of branches within a block or loop. */
export type Label = symbol;

export function newLabel(): Label {
  return Symbol('label');
}

interface Scope {
  readonly opcode: 0x02 | 0x03 | 0x04;
  readonly label: Label;
  readonly body: Code;
}

interface Branch {
  readonly opcode: 0x0c | 0x0d | 0x0e;
  /** One, or those of a table with the default last. */
  readonly targets: readonly Label[];
}

const NO_RESULT = 0x40;
const END = 0x0b;

/** A branch to its label leaves it. */
export function block(label: Label, body: Code): Code {
  return [{ opcode: 0x02, label, body }];
}

/** A branch to its label repeats it. */
export function loop(label: Label, body: Code): Code {
  return [{ opcode: 0x03, label, body }];
}

export function when(condition: Code, body: Code): Code {
  return [condition, { opcode: 0x04, label: newLabel(), body }];
}

export function branch(target: Label): Code {
  return [{ opcode: 0x0c, targets: [target] }];
}

export function branchWhen(condition: Code, target: Label): Code {
  return [condition, { opcode: 0x0d, targets: [target] }];
}

/** Branches to the target with this index, or to the last. */
export function branchTo(value: Code, targets: readonly Label[]): Code {
  return [value, { opcode: 0x0e, targets }];
}

export function leave(value: Code): Code {
  return [value, 0x0f];
}

export function call(index: number, ...values: readonly Code[]): Code {
  return [...values, 0x10, unsigned(index)];
}

/** `then` if the condition holds, else `otherwise`; both are evaluated. */
export function selectValue(condition: Code, then: Code, otherwise: Code): Code {
  return [then, otherwise, condition, 0x1b];
}

export function int(value: number): Code {
  return [0x41, signed(BigInt(value | 0))];
}

export function long(value: bigint): Code {
  return [0x42, signed(BigInt.asIntN(64, value))];
}

/** A variable of a function: its index. */
export type Local = number;

export function get(local: Local): Code {
  return [0x20, unsigned(local)];
}

export function set(local: Local, value: Code): Code {
  return [value, 0x21, unsigned(local)];
}

/** A variable of the module. */
export interface Global {
  readonly index: number;
}

export function getGlobal({ index }: Global): Code {
  return [0x23, unsigned(index)];
}

export function setGlobal({ index }: Global, value: Code): Code {
  return [value, 0x24, unsigned(index)];
}

const LOADS = { 1: 0x2d, 2: 0x2f, 4: 0x28, 8: 0x29 } as const;

/** Little-endian, unsigned, not necessarily aligned; the offset is not negative. */
export function load(width: keyof typeof LOADS, base: Code, offset: number): Code {
  return [base, LOADS[width], 0, unsigned(offset)];
}

export function store(base: Code, offset: number, value: Code): Code {
  return [base, value, 0x36, 0, unsigned(offset)];
}

const OPERATORS = {
  '==': 0x46,
  '!=': 0x47,
  '<': 0x48,
  '>': 0x4a,
  '>=': 0x4e,
  '+': 0x6a,
  '-': 0x6b,
  '&': 0x71,
  '|': 0x72,
  '>>': 0x75,
} as const;

/** Signed, if it matters. */
export function op(left: Code, operator: keyof typeof OPERATORS, right: Code): Code {
  return [left, right, OPERATORS[operator]];
}

export function differs(left: Code, right: Code, width: keyof typeof LOADS): Code {
  return [left, right, width === 8 ? 0x52 : OPERATORS['!=']];
}

export function not(value: Code): Code {
  return [value, 0x45];
}

/** The bytes of the code of a function. */
export function bytesOfCode(code: Code): number[] {
  const bytes: number[] = [];
  append(code, [], bytes);
  bytes.push(END);
  return bytes;
}

/** `scopes` are those around the code, the innermost last. */
function append(code: Code, scopes: readonly Label[], bytes: number[]): void {
  for (const part of code) {
    if (typeof part === 'number') bytes.push(part);
    else if (!('opcode' in part)) append(part, scopes, bytes);
    else if ('body' in part) {
      bytes.push(part.opcode, NO_RESULT);
      append(part.body, [...scopes, part.label], bytes);
      bytes.push(END);
    } else {
      bytes.push(part.opcode);
      const depths = part.targets.map((target) => scopes.length - 1 - scopes.lastIndexOf(target));
      if (part.opcode === 0x0e) bytes.push(...unsigned(depths.length - 1));
      for (const depth of depths) bytes.push(...unsigned(depth));
    }
  }
}

/** LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function signed(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest < -0x40n || rest > 0x3fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest & 0x7fn)];
}
