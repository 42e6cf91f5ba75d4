import { nounText } from '../../count-text.ts';
import { reasonOf } from '../../errors.ts';

/** What one check of `mcblock doctor` found. */
export interface Finding {
  /** What was checked, in a word or two. */
  readonly name: string;
  /** `problem`: something does not work. `warning`: it works, but may not do what is expected. */
  readonly state: 'ok' | 'warning' | 'problem';
  readonly text: string;
  /** What to do; absent if there is nothing to do. */
  readonly advice?: string;
  /** The log in which there is a problem, where several are checked. */
  readonly log?: string;
  /** Counts, for programs. */
  readonly figures?: Readonly<Record<string, number>>;
}

export type Found = Omit<Finding, 'name'>;

export function ok(text: string): Found {
  return { state: 'ok', text };
}

export function warning(text: string, advice: string): Found {
  return { state: 'warning', text, advice };
}

export function problem(text: string, advice?: string): Found {
  return advice === undefined ? { state: 'problem', text } : { state: 'problem', text, advice };
}

/** How long ago, in the largest unit that fits: `just now`, `5 minutes ago`, `3 days ago`. */
export function ago(seconds: number): string {
  for (const [unit, size] of [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    const count = Math.floor(seconds / size);
    if (count >= 1) return `${nounText(count, unit, `${unit}s`)} ago`;
  }
  return 'just now';
}

/** Runs a check. What it throws is a problem, so that one check does not keep others from running. */
export async function check(name: string, work: () => Found | Promise<Found>): Promise<Finding> {
  try {
    return { name, ...(await work()) };
  } catch (error) {
    const reason = reasonOf(error);
    const text = reason.startsWith(`${name} `) ? reason.slice(name.length + 1) : reason;
    return { name, ...problem(text) };
  }
}
