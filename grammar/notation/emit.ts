import { firstByteTest, searchTest, searchText, sum, textTest } from './emit-tests.ts';
import { type FieldState, nextOf, type State, statesOf } from './graph.ts';
import { type Field, namesAddress } from './tree.ts';

/**
 * The source of `messageN(b, p, e)`, which finds every reading of bytes p to e of b as this
 * message, as far as they can differ in the address.
 *
 * A state that several others lead to is a function of its own, which matches what begins at p and
 * all that follows it to the end of the line; the others stand where they are used. The value of
 * each is 0 where there is no reading, 1 where there is one, 2 to stop: two readings disagree, or
 * the line has taken too many steps. Where no ADDRESS is ahead, further readings cannot change the
 * address, so that the first one is enough.
 */
export function messageSource(start: State, message: number): string {
  return new Writer(start, message).write();
}

/** Statements that leave the part that is being written with a value. */
type Leave = (value: string) => string;

class Writer {
  readonly #start: State;
  readonly #message: number;
  readonly #shared: ReadonlySet<State>;
  readonly #revisited: ReadonlySet<State>;
  /** What can stand behind a USER or TEXT. */
  readonly #behindText: ReadonlySet<State>;
  /** Variables that remember the lowest place tried, to be reset for each line. */
  readonly #marks: string[] = [];
  /** Declarations of the tables that searches skip by. */
  readonly #skips: string[] = [];
  /** Functions for what is seldom read. */
  readonly #apart: string[] = [];
  #numbers = 0;

  constructor(start: State, message: number) {
    this.#start = start;
    this.#message = message;
    const states = statesOf(start);
    const arrivals = states.flatMap(nextOf).filter(({ type }) => type !== 'end');
    this.#shared = new Set(arrivals.filter((state, index) => arrivals.indexOf(state) < index));
    this.#revisited = revisitedStates(states);
    this.#behindText = new Set(states.filter(isFreeText).flatMap(nextOf).flatMap(statesOf));
  }

  write(): string {
    const functions = [...this.#shared].map(
      (state) => `function ${this.#name(state)}(b, p, e) {\n${this.#body(state)}}`,
    );
    const body = this.#body(this.#start);
    const marks = this.#marks.map((mark) => `${mark} = e + 1;\n`).join('');
    return [
      ...this.#marks.map((mark) => `var ${mark} = 0;`),
      ...this.#skips,
      ...functions,
      ...this.#apart,
      `function message${this.#message}(b, p, e) {`,
      `${marks}family = 0;\nuserStart = userEnd = -1;\n${body}}`,
    ].join('\n');
  }

  #body(state: State): string {
    return this.#inline(state, 'p', 0, (value) => `return ${value};\n`);
  }

  /** What matches `state` at base + offset. */
  #match(state: State, base: string, offset: number, leave: Leave): string {
    if (!this.#shared.has(state)) return this.#inline(state, base, offset, leave);
    return leave(`${this.#name(state)}(b, ${sum(base, offset)}, e)`);
  }

  #inline(state: State, base: string, offset: number, leave: Leave): string {
    const place = sum(base, offset);
    if (state.type === 'end') return leave(`(${place} === e ? accept(${this.#message}) : 0)`);
    if (state.type === 'choice') {
      return this.#at(place, (p) => this.#choice(state.branches, state.addressAhead, p, leave));
    }
    // The lengths of all that follows are known, so that one test for each base is enough.
    const lengths = offset === 0 ? lengthTest(state, base, leave) : '';
    if (state.type === 'literal') {
      const differs = textTest(state.bytes, base, offset, '!==', ' || ');
      const after = this.#match(state.next, base, offset + state.bytes.length, leave);
      return `${lengths}if (${differs}) ${leave('0')}${after}`;
    }
    return lengths + this.#at(place, (p) => this.#field(state, p, leave));
  }

  #field(state: FieldState, p: string, leave: Leave): string {
    const { field, next } = state;
    if (isSearched(state)) return this.#search(state, p, leave);
    const q = this.#new('q');
    if (field === 'WORD') {
      return `const ${q} = wordEnd(b, ${p}, e);
if (${q} === ${p}) ${leave('0')}${leaveLongWord(next, `${q} - ${p}`, leave)}steps -= (${q} - ${p}) >> 6;
${this.#match(next, q, 0, leave)}`;
    }
    if (namesAddress(field)) return this.#peer(state, p, leave);
    const found = `const ${q} = ${FINDERS[field]}(b, ${p}, e);\nif (${q} < 0) ${leave('0')}`;
    return found + this.#match(next, q, 0, leave);
  }

  #peer(state: FieldState, p: string, leave: Leave): string {
    const q = this.#new('q');
    const after = this.#block((inner) => this.#match(state.next, q, 0, inner));
    return `const ${q} = ${FINDERS[state.field]}(b, ${p}, e);
if (${q} < 0) ${leave(`${this.#nobody(state)}(b, ${p}, e)`)}family = words[4];
${after.source}family = 0;
${this.#behindText.has(state) ? `if (isLong && ${after.value} !== 0) ${after.value} = 2;\n` : ''}${leave(after.value)}`;
  }

  /**
   * Writes a function that reads a name in the place of an address: a reading that names nobody.
   * It stands apart, as it is seldom called. A name may end with a colon of its own: `unix:`.
   */
  #nobody({ field, next, id }: FieldState): string {
    const name = `nobody${this.#message}_${id}`;
    const rest = `after${name}`;
    const colon = `if (r !== 2 && (q = pastColon(b, q, e)) >= 0) r = Math.max(r, ${rest}(b, q, e));\n`;
    this.#apart.push(
      `function ${rest}(b, p, e) {\n${this.#body(next)}}`,
      `function ${name}(b, p, e) {
let q = ${field === 'ADDRESS' ? 'nameEnd' : 'nameAndPortEnd'}(b, p, e);
if (q < 0) return 0;
family = NOBODY;
let r = ${rest}(b, q, e);
${field === 'ADDRESS' ? colon : ''}family = 0;
return r;
}`,
    );
    return name;
  }

  #choice(branches: readonly State[], addressAhead: boolean, p: string, leave: Leave): string {
    const r = this.#new('r');
    const tries = branches.map((branch) => {
      // A literal is compared at once; what a guard would spare is the way to a function.
      const guarded = branch.least > 0 && branch.type !== 'literal';
      const test = guarded ? firstByteTest(branch, p) : '';
      const tried = this.#block((inner) => {
        const guard = test === '' ? '' : `if (!(${p} < e && (${test}))) ${inner('0')}`;
        return guard + this.#match(branch, p, 0, inner);
      });
      return tried.source + keep(tried.value, r, addressAhead, leave);
    });
    return `${leaveWhenSpent(leave)}let ${r} = 0;\n${tries.join('')}${leave(r)}`;
  }

  /** A field of any length: what follows is tried at every place it can stand, the last first. */
  #search(state: FieldState, p: string, leave: Leave): string {
    const { field, next } = state;
    const isUser = field === 'USER';
    const forget = isUser ? 'userStart = userEnd = -1;\n' : '';
    const setUser = (end: string) => (isUser ? `userStart = ${p};\nuserEnd = ${end};\n` : '');
    const [q, r, s, w] = ['q', 'r', 's', 'w'].map((name) => this.#new(name)) as [
      ...[string, string, string, string],
    ];
    if (next.type === 'end') {
      const accept = `const ${r} = accept(${this.#message});\n`;
      return `${setUser('e')}${accept}${forget}${leave(r)}`;
    }
    const isWord = field === 'WORD';
    // Places that were tried from an earlier beginning of this field gave all they can give.
    const mark = !isWord && next.addressAhead && this.#revisited.has(state) ? this.#newMark() : '';
    const tried = this.#block((inner) =>
      next.type === 'literal'
        ? this.#match(next.next, q, next.bytes.length, inner)
        : this.#match(next, q, 0, inner),
    );
    return [
      `let ${q} = e - ${next.least};\n`,
      isWord
        ? `const ${w} = wordEnd(b, ${p}, e);\n${leaveLongWord(next, `${w} - ${p}`, leave)}steps -= (${w} - ${p}) >> 6;\n`
        : '',
      isWord ? `if (${q} > ${w}) ${q} = ${w};\n` : '',
      mark ? `if (${q} >= ${mark}) ${q} = ${mark} - 1;\n` : '',
      `let ${r} = 0, ${s} = ${isWord ? `${p} + 1` : p};\n`,
      Number.isFinite(next.most) ? `if (${s} < e - ${next.most}) ${s} = e - ${next.most};\n` : '',
      `if (${q} - ${s} >= 64) steps -= (${q} - ${s}) >> 6;\n`,
      `for (; ${q} >= ${s}; ${this.#toNext(next, q)}) {\n${searchTest(next, q)}${leaveWhenSpent(leave)}`,
      `${setUser(q)}${tried.source}${keep(tried.value, r, next.addressAhead, leave)}}\n`,
      mark ? `if (${p} < ${mark}) ${mark} = ${p};\n` : '',
      `${forget}${leave(r)}`,
    ].join('');
  }

  /** Steps to the next place to the left where what follows can stand. */
  #toNext(next: State, q: string): string {
    const text = searchText(next);
    if (text.length < 2 || next.least === 0) return `${q}--`;
    const skip = `skip${this.#message}_${this.#skips.length}`;
    this.#skips.push(`const ${skip} = skipTable(${JSON.stringify(text)});`);
    return `${q} = (${q} - ${skip}[b[${q}]]) | 0`;
  }

  /** A part that is left with a value of its own, which stands in a variable afterwards. */
  #block(write: (leave: Leave) => string): { source: string; value: string } {
    const value = this.#new('t');
    const label = this.#new('l');
    const body = write((result) => {
      return result === '0' ? `break ${label};\n` : `{ ${value} = ${result}; break ${label}; }\n`;
    });
    return { source: `let ${value} = 0;\n${label}: {\n${body}}\n`, value };
  }

  /** Gives the place a name where it has none. */
  #at(place: string, write: (name: string) => string): string {
    if (/^\w+$/u.test(place)) return write(place);
    const p = this.#new('p');
    return `const ${p} = ${place};\n${write(p)}`;
  }

  #name(state: State): string {
    return `message${this.#message}_${state.id}`;
  }

  #new(letter: string): string {
    return `${letter}${this.#numbers++}`;
  }

  #newMark(): string {
    const mark = `mark${this.#message}_${this.#marks.length}`;
    this.#marks.push(mark);
    return mark;
  }
}

const FINDERS: Readonly<Record<Field, string>> = {
  ADDRESS: 'addressAt',
  ENDPOINT: 'endpointAt',
  PORT: 'portEnd',
  INT: 'intEnd',
  WORD: 'wordEnd',
  USER: '',
  TEXT: '',
};

/** States that can be reached at more than one place of a line. */
function revisitedStates(states: readonly State[]): ReadonlySet<State> {
  const revisited = new Set<State>();
  // The states come in the order of a line, so that those before are known.
  for (const state of states) {
    if (state.type !== 'choice' && !isSearched(state) && !revisited.has(state)) continue;
    for (const next of nextOf(state)) revisited.add(next);
  }
  return revisited;
}

function isFreeText(state: State): boolean {
  return state.type === 'field' && (state.field === 'USER' || state.field === 'TEXT');
}

/** Whether a field can end at more than one place. A WORD before a space cannot. */
function isSearched(state: State): boolean {
  if (state.type !== 'field') return false;
  if (state.field === 'WORD') return [...state.next.firstBytes].some((byte) => byte !== 0x20);
  return isFreeText(state);
}

/** Statements that take the value of one try into `all`, and leave where it says enough. */
function keep(value: string, all: string, addressAhead: boolean, leave: Leave): string {
  if (!addressAhead) return `if (${value} !== 0) ${leave(value)}`;
  return `if (${value} === 2) ${leave('2')}${all} |= ${value};\n`;
}

function leaveWhenSpent(leave: Leave): string {
  return `if (--steps < 0) ${leave('2')}`;
}

/** Statements that stop where a WORD may have pushed the true address out of a line that was cut. */
function leaveLongWord({ addressAhead }: State, length: string, leave: Leave): string {
  return addressAhead ? `if (isLong && ${length} > 255) ${leave('2')}` : '';
}

/** Statements that leave where the rest of the line is too short or too long. */
function lengthTest({ least, most }: State, base: string, leave: Leave): string {
  const tooLong = Number.isFinite(most) ? ` || e - ${base} > ${most}` : '';
  return `if (e - ${base} < ${least}${tooLong}) ${leave('0')}`;
}
