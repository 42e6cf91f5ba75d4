import { FAMILY, PORT, WORDS } from '../fields/memory-map.ts';
import { FIELD_FUNCTIONS, FINDERS, type FieldFunction } from './finders.ts';
import { READING_FIELDS, READING_OFFSETS, type Reading } from './reading.ts';
import { AMBIGUOUS, NO_MATCH } from './scanner.ts';
import { type Field, REQUEST_FIELDS, type RequestField } from './tree.ts';
import {
  type Code,
  call,
  type Global,
  get,
  getGlobal,
  int,
  leave,
  load,
  op,
  selectValue,
  setGlobal,
  store,
  when,
} from './wasm/code.ts';
import type { FunctionBuilder, ModuleBuilder } from './wasm/module.ts';

/** The results of a part of a message: no reading, one, or that the line is ambiguous. */
export const NOTHING: Code = int(0);
export const READ: Code = int(1);
export const STOP: Code = int(2);

/** The family of a name instead of an address. */
const NOBODY = -1;

/**
 * What the messages of a scanner share: the variables, and `accept`, which is called at the end of each
 * reading. The first reading is the result; any further one must name the same address. A name instead
 * of an address is not a result, but disagrees with every address.
 */
export class Machine {
  readonly module: ModuleBuilder;
  readonly #functions: Readonly<Record<FieldFunction, number>>;
  readonly #found: Global;
  readonly #steps: Global;
  readonly #family: Global;
  readonly #port: Global;
  readonly #userStart: Global;
  readonly #userEnd: Global;
  readonly #sessionStart: Global;
  readonly #sessionEnd: Global;
  /** The ends of the parts of a request, if the grammar has such. */
  readonly #parts: Readonly<Partial<Record<keyof Reading, Global>>>;
  readonly #sawNobody: Global;
  /** The reading ends a quoted text at a quote that the service should have escaped. */
  readonly #isDoubted: Global;
  /** There was such a reading before any other; the first address is its. */
  readonly #sawDoubted: Global;
  readonly #isLong: Global;
  readonly #firstFamily: Global;
  readonly #firstWords: readonly Global[];
  readonly #accept: FunctionBuilder;

  /** @param usesRequest whether messages have parts of a request */
  constructor(module: ModuleBuilder, usesRequest: boolean) {
    this.module = module;
    const imported = Object.entries(FIELD_FUNCTIONS).map(([name, parameters]) => [
      name,
      module.importFunction('fields', name, parameters),
    ]);
    this.#functions = Object.fromEntries(imported) as Record<FieldFunction, number>;
    this.#found = module.global(NO_MATCH);
    this.#steps = module.global(0);
    this.#family = module.global(0);
    this.#port = module.global(-1);
    this.#userStart = module.global(-1);
    this.#userEnd = module.global(-1);
    this.#sessionStart = module.global(-1);
    this.#sessionEnd = module.global(-1);
    const parts = usesRequest ? Object.values(REQUEST_FIELDS).flat() : [];
    this.#parts = Object.fromEntries(parts.map((part) => [part, module.global(-1)]));
    this.#sawNobody = module.global(0);
    this.#isDoubted = module.global(0);
    this.#sawDoubted = module.global(0);
    this.#isLong = module.global(0);
    this.#firstFamily = module.global(0);
    this.#firstWords = [0, 0, 0, 0].map((zero) => module.global(zero));
    this.#accept = module.declare(1);
    this.#writeAccept();
  }

  /** Before the first message is tried on a line. */
  beginLine(length: Code, longLine: number, stepLimit: number): Code {
    return [
      setGlobal(this.#found, int(NO_MATCH)),
      setGlobal(this.#sawNobody, int(0)),
      setGlobal(this.#isDoubted, int(0)),
      setGlobal(this.#sawDoubted, int(0)),
      setGlobal(this.#isLong, op(length, '>=', int(longLine))),
      setGlobal(this.#steps, int(stepLimit)),
    ];
  }

  beginMessage(): Code {
    const parts = Object.values(this.#parts).map((part) => setGlobal(part, int(-1)));
    return [this.forgetAddress(), this.forgetUser(), this.forgetSession(), ...parts];
  }

  accept(message: number): Code {
    return call(this.#accept.index, int(message));
  }

  found(): Code {
    return getGlobal(this.#found);
  }

  /** What `scan` returns of a line whose readings do not disagree. */
  result(): Code {
    const isOnlyDoubted = op(op(this.found(), '<', int(0)), '&', getGlobal(this.#sawDoubted));
    return selectValue(isOnlyDoubted, int(AMBIGUOUS), this.found());
  }

  isDoubted(): Code {
    return getGlobal(this.#isDoubted);
  }

  setDoubted(value: Code): Code {
    return setGlobal(this.#isDoubted, value);
  }

  /** Whether a message without an address can be the result, or disagree with it. */
  wantsAddressless(): Code {
    return op(op(this.found(), '<', int(0)), '|', getGlobal(this.#firstFamily));
  }

  /**
   * The end of the field that begins at p; negative if there is none.
   * @param isArray the field is the rest of a JSON array
   */
  endOf(field: Field, p: Code, e: Code, isArray = false): Code {
    const finder = isArray ? 'arrayEnd' : FINDERS[field];
    if (finder === undefined) throw new RangeError(`${field} can end anywhere`);
    return call(this.#functions[finder], p, e);
  }

  /** The end of a name instead of an address, which may be empty. */
  endOfName(field: Field, p: Code, e: Code): Code {
    return call(this.#functions[field === 'ENDPOINT' ? 'nameAndPortEnd' : 'nameEnd'], p, e);
  }

  beforeFullStop(p: Code, e: Code): Code {
    return call(this.#functions.beforeFullStop, p, e);
  }

  pastColon(p: Code, e: Code): Code {
    return call(this.#functions.pastColon, p, e);
  }

  takeAddress(): Code {
    return setGlobal(this.#family, load(4, int(0), FAMILY));
  }

  takeNobody(): Code {
    return setGlobal(this.#family, int(NOBODY));
  }

  forgetAddress(): Code {
    return [setGlobal(this.#family, int(0)), this.setPort(int(-1))];
  }

  port(): Code {
    return getGlobal(this.#port);
  }

  /** The first port after the address is that of the peer. */
  takePort(): Code {
    const isPeers = op(
      op(getGlobal(this.#family), '!=', int(0)),
      '&',
      op(this.port(), '<', int(0)),
    );
    return when(isPeers, this.setPort(load(4, int(0), PORT)));
  }

  setPort(port: Code): Code {
    return setGlobal(this.#port, port);
  }

  takeUser(start: Code, end: Code): Code {
    return [setGlobal(this.#userStart, start), setGlobal(this.#userEnd, end)];
  }

  forgetUser(): Code {
    return this.takeUser(int(-1), int(-1));
  }

  takeSession(start: Code, end: Code): Code {
    return [setGlobal(this.#sessionStart, start), setGlobal(this.#sessionEnd, end)];
  }

  forgetSession(): Code {
    return this.takeSession(int(-1), int(-1));
  }

  takePart(field: RequestField, start: Code, end: Code): Code {
    const [first, last] = REQUEST_FIELDS[field].map((part) => this.#parts[part]);
    if (first === undefined || last === undefined) throw new RangeError(`${field} has no place`);
    return [setGlobal(first, start), setGlobal(last, end)];
  }

  isLong(): Code {
    return getGlobal(this.#isLong);
  }

  /** Takes a step, and tests whether the line has taken too many. */
  spend(): Code {
    return [
      setGlobal(this.#steps, op(getGlobal(this.#steps), '-', int(1))),
      op(getGlobal(this.#steps), '<', int(0)),
    ];
  }

  /** One step for 64 bytes each. */
  spendFor(bytes: Code): Code {
    return setGlobal(this.#steps, op(getGlobal(this.#steps), '-', op(bytes, '>>', int(6))));
  }

  #writeAccept(): void {
    const family = getGlobal(this.#family);
    const firstFamily = getGlobal(this.#firstFamily);
    const isFound = op(this.found(), '>=', int(0));
    const isAnswered = op(isFound, '|', getGlobal(this.#sawDoubted));
    const isDone = op(isFound, '|', this.isDoubted());
    const isNobody = op(family, '==', int(NOBODY));
    const otherWords = this.#firstWords.map((first, index) =>
      op(load(4, int(0), WORDS + 4 * index), '!=', getGlobal(first)),
    );
    const [otherFirst = [], ...otherLast] = otherWords;
    // Of an IPv4 address only the first word is set; the others are of an earlier address.
    const hasWord = (index: number) => (index === 0 ? family : op(family, '==', int(6)));
    const isOther = otherLast.reduce((left, right) => op(left, '|', right));
    const [a = [], b = [], c = [], d = []] = this.#firstWords.map(getGlobal);
    const parts = Object.entries(this.#parts).map(([part, value]) => [part, getGlobal(value)]);
    const reading: Readonly<Partial<Record<keyof Reading, Code>>> = {
      family,
      a,
      b,
      c,
      d,
      port: this.port(),
      userStart: getGlobal(this.#userStart),
      userEnd: getGlobal(this.#userEnd),
      sessionStart: getGlobal(this.#sessionStart),
      sessionEnd: getGlobal(this.#sessionEnd),
      ...Object.fromEntries(parts),
    };
    this.#accept.write([
      // Any quoted text could be the rest of a line without an address.
      when(op(this.isDoubted(), '&', op(family, '==', int(0))), leave(NOTHING)),
      when(isNobody, [
        setGlobal(this.#sawNobody, int(1)),
        when(isAnswered, when(firstFamily, leave(STOP))),
        leave(READ),
      ]),
      when(getGlobal(this.#sawNobody), when(family, leave(STOP))),
      when(isAnswered, [
        when(op(family, '!=', firstFamily), leave(STOP)),
        when(op(family, '!=', int(0)), [
          when(otherFirst, leave(STOP)),
          when(op(family, '==', int(6)), when(isOther, leave(STOP))),
        ]),
        when(isDone, leave(READ)),
      ]),
      when(this.isDoubted(), setGlobal(this.#sawDoubted, int(1))),
      when(op(this.isDoubted(), '==', int(0)), setGlobal(this.#found, get(0))),
      setGlobal(this.#firstFamily, family),
      ...this.#firstWords.map((first, index) =>
        setGlobal(first, selectValue(hasWord(index), load(4, int(0), WORDS + 4 * index), int(0))),
      ),
      ...READING_FIELDS.map((field) => {
        const value = reading[field];
        return value === undefined ? [] : store(int(0), READING_OFFSETS[field], value);
      }),
      leave(READ),
    ]);
  }
}
