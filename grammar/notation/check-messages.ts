import { type Fault, faultAt } from './fault.ts';
import { canonical, type Flat, type FlatChoice, flatten, MAX_MESSAGE_PARTS } from './flatten.ts';
import {
  type FieldState,
  followers,
  graphOf,
  type LiteralState,
  type State,
  statesOf,
} from './graph.ts';
import {
  FIELDS,
  type Field,
  type Grammar,
  isOfRequest,
  isQuoted,
  type MessageRule,
  namesAddress,
  namesUser,
  sessionKind,
} from './tree.ts';

/** Faults of each message, with its sub-rules expanded. */
export function checkMessages({ rules, messages }: Grammar): readonly Fault[] {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const earlier = new Map<string, MessageRule>();
  const hasOpening = messages.some(({ role }) => role === 'opens');
  return messages.flatMap((message) => {
    const flat = flatten(message.body, byName);
    if (!flat) {
      const size = `more than ${MAX_MESSAGE_PARTS} parts with its sub-rules expanded`;
      return [faultAt(message.at, `${message.name} is too large: ${size}`)];
    }
    const key = canonical(flat);
    const same = earlier.get(key);
    earlier.set(key, same ?? message);
    const start = graphOf(flat);
    return [
      ...(same ? [faultAt(message.at, neverReached(message, same))] : []),
      ...referenceBranches(flat),
      ...statesOf(start).flatMap(neighbours),
      ...paths(message, start, hasOpening),
    ];
  });
}

function neverReached({ name }: MessageRule, { name: first, at }: MessageRule): string {
  return `${name} never matches: ${first} in line ${at.line} matches the same lines and comes first`;
}

/** Branches that occur twice in one choice. */
function referenceBranches(flat: Flat): Fault[] {
  switch (flat.type) {
    case 'literal':
    case 'field':
      return [];
    case 'sequence':
      return flat.items.flatMap(referenceBranches);
    case 'choice':
      return [...sameBranches(flat), ...flat.branches.flatMap(referenceBranches)];
  }
}

function sameBranches({ branches }: FlatChoice): Fault[] {
  const texts = branches.map(canonical);
  return branches.flatMap((branch, index) =>
    texts.indexOf(texts[index] ?? '') < index
      ? [faultAt(branch.at, 'this branch occurs earlier in this choice')]
      : [],
  );
}

/** Faults between a part and what can follow it directly. */
function neighbours(state: State): Fault[] {
  if (state.type !== 'literal' && state.type !== 'field') return [];
  const next = followers(state.next);
  if (state.type === 'field') return next.flatMap((one) => afterField(state, one));
  if (!/[0-9A-Fa-f.]/u.test(byteText(state.bytes.at(-1)))) return [];
  const field = next.flatMap((one) => (one.type === 'field' ? [one.field] : [])).find(namesAddress);
  return field === undefined
    ? []
    : [faultAt(state.at, `the text before ${field} ends with a character of addresses`)];
}

function afterField({ field, at }: FieldState, next: State): Fault[] {
  if (next.type === 'field') {
    const what = `nothing separates ${field} from ${next.field}`;
    return [faultAt(next.at, `${what}; put text between them`)];
  }
  if (next.type === 'end' && isQuoted(field)) {
    return [faultAt(at, `${field} ends at a quote; put text that begins with one after it`)];
  }
  if (next.type !== 'literal' || !GOES_ON[field].test(byteText(next.bytes[0]))) return [];
  if (namesAddress(field) && isFullStop(next)) return [];
  const what = `this text never matches after ${field}, which takes as much as it can`;
  return [faultAt(next.at, what)];
}

/** Whether the text can begin with a full stop, which is a dot that no character of a name follows. */
function isFullStop({ bytes: [dot, after] }: LiteralState): boolean {
  return dot === 0x2e && !/[0-9A-Za-z._%\x80-\xff-]/u.test(byteText(after));
}

/** What can never follow a field, as it would be part of it. */
const GOES_ON: Readonly<Record<Field, RegExp>> = {
  ADDRESS: /[0-9A-Za-z._-]/u,
  ENDPOINT: /[0-9A-Za-z._-]/u,
  'DOTTED-ENDPOINT': /[0-9A-Za-z._-]/u,
  PORT: /[0-9]/u,
  INT: /[0-9]/u,
  USER: /(?!)/u,
  TEXT: /(?!)/u,
  WORD: /(?!)/u,
  QUOTED: /[^"]/u,
  'QUOTED-USER': /[^"]/u,
  FORWARDED: /[^"]/u,
  BARE: /[^ "]/u,
  'BARE-USER': /[^ "]/u,
  SESSION: /(?!)/u,
  'SESSION-PORT': /[0-9]/u,
  'SESSION-PID': /[0-9]/u,
  METHOD: /[^ "]/u,
  REQUEST: /[^"]/u,
  STATUS: /[0-9]/u,
  REFERRER: /[^"]/u,
  AGENT: /[^"]/u,
};

function byteText(byte: LiteralState['bytes'][number] | undefined): string {
  return byte === undefined ? '' : String.fromCharCode(byte);
}

/** Faults of the paths from the first byte to the last. */
function paths({ at, name, kind, role }: MessageRule, start: State, hasOpening: boolean): Fault[] {
  const faults: Fault[] = [];
  for (const isOne of [namesAddress, namesUser, isSession, ...REQUEST_PARTS]) {
    const second = secondOf(start, isOne);
    if (second) faults.push(faultAt(second.at, twiceInALine(name, second.field)));
  }
  const fewest = (weight: (state: State) => number) => fewestOf(start, weight);
  if (fewest((state) => (state.type === 'literal' ? 1 : 0)) === 0) {
    faults.push(faultAt(at, `${name} can match without any fixed text`));
  }
  const always = (isOne: (field: Field) => boolean) =>
    fewest((state) => (isField(state, isOne) ? 1 : 0)) > 0;
  const fields = statesOf(start).flatMap((state) => (state.type === 'field' ? [state.field] : []));
  if (role === 'opens' && !always(namesAddress)) {
    faults.push(faultAt(at, `${name} opens a connection, but can match without an ADDRESS`));
  } else if (kind !== 'note' && !always(namesAddress)) {
    const takesPeer = hasOpening && !fields.some(namesAddress);
    if (!takesPeer) faults.push(faultAt(at, withoutAddress(name, hasOpening)));
    else if (fields.includes('SESSION') && !beginsWithSession(start)) {
      faults.push(faultAt(at, `${name} takes its peer from SESSION: only text may precede it`));
    }
  }
  if (new Set(fields.map(sessionKind)).size > (fields.every(isSession) ? 1 : 2)) {
    faults.push(faultAt(at, `${name} identifies its connection in two ways`));
  }
  return faults;
}

const REQUEST_PARTS = FIELDS.filter(isOfRequest).map((part) => (field: Field) => field === part);

function withoutAddress(name: string, hasOpening: boolean): string {
  const what = `${name} can match without an ADDRESS`;
  return hasOpening
    ? `${what} and with one; write two messages`
    : `${what}; only a note may, or what follows a message that opens its connection`;
}

/** What a client writes must not decide whose session it is. */
function beginsWithSession(start: State): boolean {
  const first = start.type === 'literal' ? start.next : start;
  return isField(first, isSession);
}

/** A field of a kind that can follow another of that kind. */
function secondOf(start: State, isOne: (field: Field) => boolean): FieldState | undefined {
  const states = statesOf(start);
  for (const first of states) {
    if (!isField(first, isOne)) continue;
    const again = statesOf(first.next).find((state) => isField(state, isOne));
    if (again) return again;
  }
  return undefined;
}

function twiceInALine(name: string, field: Field): string {
  return field === 'ENDPOINT'
    ? `${name} can name an address twice in one line, as an ENDPOINT does too`
    : `${name} can have ${field} twice in one line`;
}

function isField(state: State, isOne: (field: Field) => boolean): state is FieldState {
  return state.type === 'field' && isOne(state.field);
}

function isSession(field: Field): boolean {
  return sessionKind(field) !== undefined;
}

/** The least weight of a path from here to the end. */
function fewestOf(start: State, weight: (state: State) => number): number {
  const known = new Map<State, number>();
  // Backwards from the end, so that what follows is known.
  for (const state of statesOf(start).toReversed()) {
    const rest =
      state.type === 'end'
        ? [0]
        : (state.type === 'choice' ? state.branches : [state.next]).map((s) => known.get(s) ?? 0);
    known.set(state, weight(state) + Math.min(...rest));
  }
  return known.get(start) ?? 0;
}
