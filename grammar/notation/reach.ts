import { type FieldState, followers, nextOf, type State, statesOf } from './graph.ts';
import { type Field, isQuoted, isValue } from './tree.ts';

/** States that can be reached at more than one position of a line. */
export function revisitedStates(states: readonly State[]): ReadonlySet<State> {
  const revisited = new Set<State>();
  // The states are in the order of a line, so those before are known.
  for (const state of states) {
    if (state.type !== 'choice' && !isSearched(state) && !revisited.has(state)) continue;
    for (const next of nextOf(state)) revisited.add(next);
  }
  return revisited;
}

/**
 * The states of which no address is believed where the line may have been cut: after free text, and
 * after a value if the line may end with them.
 */
export function doubtfulStates(states: readonly State[]): ReadonlySet<State> {
  const behind = (isOne: (state: State) => boolean) =>
    states.filter(isOne).flatMap(nextOf).flatMap(statesOf);
  return new Set([...behind(isFreeText), ...behind(isOfValue).filter(canBeLast)]);
}

function isOfValue(state: State): boolean {
  return state.type === 'field' && isValue(state.field);
}

function canBeLast(state: State): boolean {
  return nextOf(state)
    .flatMap(followers)
    .some(({ type }) => type === 'end');
}

function isFreeText(state: State): boolean {
  return state.type === 'field' && (state.field === 'USER' || state.field === 'TEXT');
}

/** Whether a field can end at more than one position. A WORD before a space cannot. */
export function isSearched(state: State): boolean {
  if (state.type !== 'field') return false;
  if (isWord(state.field)) return [...state.next.firstBytes].some((byte) => byte !== 0x20);
  return isFreeText(state);
}

/** The quoted texts in front of the address, and those after one. */
export function doubtedStates(states: readonly State[]): ReadonlySet<State> {
  const before = states.filter(isQuotedText).filter(({ next }) => next.addressAhead);
  return new Set([...before, ...before.flatMap(nextOf).flatMap(statesOf).filter(isQuotedText)]);
}

function isQuotedText(state: State): state is FieldState {
  return state.type === 'field' && isQuoted(state.field);
}

export function isWord(field: Field): boolean {
  return field === 'WORD' || field === 'SESSION';
}

/** How deep states may be nested. */
const MAX_DEPTH = 200;

/** The states that become functions of their own, except the end of the line. */
export function statesApart(states: readonly State[]): readonly State[] {
  const seen = new Set<State>();
  const apart = new Set<State>();
  const depths = new Map<State, number>();
  const doubted = doubtedStates(states);
  // In the order of a line, all states that lead to a state come before it.
  for (const state of states) {
    const depth = depths.get(state) ?? 0;
    // A literal is compared where it is searched for.
    if (depth >= MAX_DEPTH && state.type !== 'literal') apart.add(state);
    // What follows it is emitted twice.
    if (doubted.has(state)) {
      const [next] = nextOf(state);
      const rest = next?.type === 'literal' ? next.next : next;
      if (rest !== undefined && rest.type !== 'end') apart.add(rest);
    }
    for (const next of nextOf(state).filter(({ type }) => type !== 'end')) {
      if (seen.has(next)) apart.add(next);
      seen.add(next);
      depths.set(next, Math.max(depths.get(next) ?? 0, (apart.has(state) ? 0 : depth) + 1));
    }
  }
  return [...apart];
}
