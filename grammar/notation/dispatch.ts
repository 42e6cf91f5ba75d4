import { type State, statesOf } from './graph.ts';
import { namesAddress } from './tree.ts';

/** Source that runs, in the order of the file, the messages that a line can be by its first bytes. */
export function dispatchSource(starts: readonly State[]): string {
  const entries = starts.flatMap((start, message) =>
    leadsOf(start, new Map()).map((lead) => ({ lead, message })),
  );
  const noAddress = starts.map((start) => !statesOf(start).some(isAddress));
  return choose(entries, 0, true, noAddress);
}

interface Entry {
  /** Bytes that a line begins with if it is the message this way. */
  readonly lead: readonly number[];
  /** Its index. */
  readonly message: number;
}

const MOST_LEADS = 64;
const LONGEST_LEAD = 64;

type Leads = readonly (readonly number[])[];

/** The texts that a state can begin with, each as far as it is fixed. */
function leadsOf(state: State, known: Map<State, Leads>): Leads {
  const before = known.get(state);
  if (before) return before;
  let leads: Leads = [[]];
  if (state.type === 'choice') {
    const all = state.branches.flatMap((branch) => leadsOf(branch, known));
    if (all.length <= MOST_LEADS) leads = all;
  } else if (state.type === 'literal') {
    const after = leadsOf(state.next, known);
    leads = after.map((rest) => [...state.bytes, ...rest].slice(0, LONGEST_LEAD));
  }
  known.set(state, leads);
  return leads;
}

/** Looks only at bytes that tell messages apart; the messages themselves compare the rest. */
function choose(
  entries: readonly Entry[],
  depth: number,
  isTop: boolean,
  noAddress: readonly boolean[],
): string {
  const at = dividingByte(entries, depth);
  const live = entries.filter(({ lead }) => lead.length > at);
  if (live.length === 0 || (!isTop && messagesOf(live).length === 1)) {
    return calls(messagesOf(entries), noAddress);
  }
  const ended = entries.filter(({ lead }) => lead.length <= at);
  const bytes = [...new Set(live.map(({ lead }) => lead[at] ?? -1))].toSorted((p, q) => p - q);
  const cases = bytes.map((byte) => {
    const those = entries.filter(({ lead }) => lead.length <= at || lead[at] === byte);
    return `case ${byte}:\n${choose(those, at + 1, false, noAddress)}break;\n`;
  });
  const otherwise = `default:\n${calls(messagesOf(ended), noAddress)}`;
  return `switch (p + ${at} < e ? b[p + ${at}] : -1) {\n${cases.join('')}${otherwise}}\n`;
}

/** The first byte from `depth` on where the leads are not all the same. */
function dividingByte(entries: readonly Entry[], depth: number): number {
  for (let at = depth; ; at++) {
    const bytes = new Set(entries.map(({ lead }) => lead[at]));
    if (bytes.size !== 1 || bytes.has(undefined)) return at;
  }
}

function messagesOf(entries: readonly Entry[]): readonly number[] {
  return [...new Set(entries.map(({ message }) => message))].toSorted((p, q) => p - q);
}

function calls(messages: readonly number[], noAddress: readonly boolean[]): string {
  return messages
    .map((message) => {
      // Two readings without an address never disagree.
      const worth = noAddress[message] ? '(found < 0 || firstFamily !== 0) && ' : '';
      return `if (${worth}message${message}(b, p, e) === 2) return AMBIGUOUS;\n`;
    })
    .join('');
}

function isAddress(state: State): boolean {
  return state.type === 'field' && namesAddress(state.field);
}
