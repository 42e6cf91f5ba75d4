import { bytesOfCode, type Code, call, type Global, int, type Local, unsigned } from './code.ts';

/** A function with parameters and a result of 32-bit integers. */
interface Function {
  readonly parameters: number;
  locals: number;
  body: Code;
  exportedAs: string | undefined;
}

const INT = 0x7f;
const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** Builds a WebAssembly module (Core Specification 2.0, 5.5). */
export class ModuleBuilder {
  readonly #imports: { readonly from: string; readonly name: string; readonly type: number }[] = [];
  readonly #functions: Function[] = [];
  readonly #globals: number[] = [];
  /** The number of parameters of each function type; all have one result. */
  readonly #types: number[] = [];

  /** Returns the index of an imported function. Imports come before functions. */
  importFunction(from: string, name: string, parameters: number): number {
    if (this.#functions.length > 0) throw new RangeError('an import after a function');
    return this.#imports.push({ from, name, type: this.#type(parameters) }) - 1;
  }

  global(first: number): Global {
    return { index: this.#globals.push(first) - 1 };
  }

  /** Declares a function that can be called before it is written. */
  declare(parameters: number, exportedAs?: string): FunctionBuilder {
    const written: Function = { parameters, locals: 0, body: [], exportedAs };
    this.#type(parameters);
    const index = this.#imports.length + this.#functions.push(written) - 1;
    return new FunctionBuilder(index, written);
  }

  bytes(): Uint8Array {
    const functions = this.#functions;
    const exported = functions.flatMap(({ exportedAs }, index) =>
      exportedAs === undefined
        ? []
        : [[...textOf(exportedAs), 0x00, ...unsigned(this.#imports.length + index)]],
    );
    return Uint8Array.from([
      ...MAGIC,
      ...section(
        1,
        this.#types.map((count) => [
          0x60,
          ...vector(Array.from({ length: count }, () => [INT])),
          1,
          INT,
        ]),
      ),
      ...section(2, [
        // At least one page.
        [...textOf('env'), ...textOf('memory'), 0x02, 0x00, 0x01],
        ...this.#imports.map(({ from, name, type }) => [
          ...textOf(from),
          ...textOf(name),
          0x00,
          ...unsigned(type),
        ]),
      ]),
      ...section(
        3,
        functions.map(({ parameters }) => unsigned(this.#type(parameters))),
      ),
      ...section(
        6,
        this.#globals.map((first) => [INT, 0x01, ...bytesOfCode(int(first))]),
      ),
      ...section(7, exported),
      ...section(10, functions.map(bytesOfFunction)),
    ]);
  }

  #type(parameters: number): number {
    const known = this.#types.indexOf(parameters);
    return known >= 0 ? known : this.#types.push(parameters) - 1;
  }
}

/** A function that is being written. */
export class FunctionBuilder {
  readonly index: number;
  readonly #written: Function;

  constructor(index: number, written: Function) {
    this.index = index;
    this.#written = written;
  }

  /** A new variable, initially 0. */
  local(): Local {
    return this.#written.parameters + this.#written.locals++;
  }

  call(...values: readonly Code[]): Code {
    return call(this.index, ...values);
  }

  /** The body must leave with a value. */
  write(body: Code): void {
    this.#written.body = body;
  }
}

function bytesOfFunction({ locals, body }: Function): number[] {
  const declared = locals === 0 ? [0] : [1, ...unsigned(locals), INT];
  // The body leaves with a value, so its end is unreachable.
  const bytes = [...declared, ...bytesOfCode([body, 0x00])];
  return [...unsigned(bytes.length), ...bytes];
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function textOf(text: string): number[] {
  return vector([...Buffer.from(text, 'utf8')].map((byte) => [byte]));
}
