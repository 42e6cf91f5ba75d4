import { dispatchSource } from './dispatch.ts';
import { messageSource } from './emit.ts';
import { flatten } from './flatten.ts';
import { graphOf } from './graph.ts';
import { AMBIGUOUS, NO_MATCH } from './scanner.ts';
import type { Grammar } from './tree.ts';

/**
 * The source of a function body that takes `runtime` (runtime.ts) and returns the Scanner of a
 * grammar that was checked.
 *
 * No text of a grammar becomes code: literals are compared byte by byte with numbers, functions
 * and variables are numbered, and the names are one JSON value.
 */
export function compileGrammar({ service, programs, rules, messages }: Grammar): string {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const starts = messages.map(({ name, body }) => {
    const flat = flatten(body, byName);
    if (!flat) throw new RangeError(`${name} was not checked before it was compiled`);
    return graphOf(flat);
  });
  const described = messages.map(({ name, kind, points = 0 }) => ({ name, kind, points }));
  return [
    PRELUDE,
    ...starts.map((start, message) => messageSource(start, message)),
    `function scan(b, p, e, reading) {
if (b !== bytes) {
bytes = b;
view = new DataView(b.buffer, b.byteOffset, b.byteLength);
}
out = reading;
found = NO_MATCH;
nobody = false;
isLong = e - p >= LONG_LINE;
steps = STEP_LIMIT;
${dispatchSource(starts)}return found;
}
return { ...${JSON.stringify({ service, programs, messages: described })}, scan };
`,
  ].join('\n');
}

/**
 * What every scanner begins with. `accept` is called at the end of each reading: the first is the
 * answer, every further one only has to name the same address. A name in the place of the address
 * (NOBODY) is no answer, and yet disagrees with every address.
 *
 * The variables are `var`, as a `let` that functions share is tested at every use.
 */
const PRELUDE = `'use strict';
const { addressAt, endpointAt, nameEnd, nameAndPortEnd, pastColon, portEnd, intEnd, wordEnd, skipTable, words, STEP_LIMIT, LONG_LINE } = runtime;
const NO_MATCH = ${NO_MATCH};
const AMBIGUOUS = ${AMBIGUOUS};
const NOBODY = -1;
var bytes, view = new DataView(new ArrayBuffer(0));
var out, found = NO_MATCH, steps = 0, family = 0, userStart = -1, userEnd = -1;
var nobody = false, isLong = false;
var firstFamily = 0, firstA = 0, firstB = 0, firstC = 0, firstD = 0;
function accept(message) {
if (family === NOBODY) {
nobody = true;
return found >= 0 && firstFamily !== 0 ? 2 : 1;
}
if (nobody && family !== 0) return 2;
if (found >= 0) {
if (family !== firstFamily) return 2;
if (family === 0) return 1;
if (words[0] !== firstA) return 2;
return family === 4 || (words[1] === firstB && words[2] === firstC && words[3] === firstD) ? 1 : 2;
}
found = message;
firstFamily = out.family = family;
out.a = out.b = out.c = out.d = 0;
if (family !== 0) out.a = (firstA = words[0]) >>> 0;
if (family === 6) {
out.b = (firstB = words[1]) >>> 0;
out.c = (firstC = words[2]) >>> 0;
out.d = (firstD = words[3]) >>> 0;
}
out.userStart = userStart;
out.userEnd = userEnd;
return 1;
}`;
