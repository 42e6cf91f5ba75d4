import { nextOf, type State } from './graph.ts';

/** States that can be reached at more than one place of a line. */
export function revisitedStates(states: readonly State[]): ReadonlySet<State> {
  const revisited = new Set<State>();
  // The states come in the order of a line, so that those before are known.
  for (const state of states) {
    if (state.type !== 'choice' && !isSearched(state) && !revisited.has(state)) continue;
    for (const next of nextOf(state)) revisited.add(next);
  }
  return revisited;
}

export function isFreeText(state: State): boolean {
  return state.type === 'field' && (state.field === 'USER' || state.field === 'TEXT');
}

/** Whether a field can end at more than one place. A WORD before a space cannot. */
export function isSearched(state: State): boolean {
  if (state.type !== 'field') return false;
  if (state.field === 'WORD') return [...state.next.firstBytes].some((byte) => byte !== 0x20);
  return isFreeText(state);
}

/** So many states stand in one another at most. */
const MAX_DEPTH = 200;

/** Those that are written as functions of their own, the end of the line not among them. */
export function statesApart(states: readonly State[]): readonly State[] {
  const seen = new Set<State>();
  const apart = new Set<State>();
  const depths = new Map<State, number>();
  // They come in the order of a line, so that all that lead to a state were seen before it.
  for (const state of states) {
    const depth = depths.get(state) ?? 0;
    // A literal that is searched for is compared where it is found.
    if (depth >= MAX_DEPTH && state.type !== 'literal') apart.add(state);
    for (const next of nextOf(state).filter(({ type }) => type !== 'end')) {
      if (seen.has(next)) apart.add(next);
      seen.add(next);
      depths.set(next, Math.max(depths.get(next) ?? 0, (apart.has(state) ? 0 : depth) + 1));
    }
  }
  return [...apart];
}
