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

/** Runs a check. What it throws is a problem, so that one check does not keep others from running. */
export async function check(name: string, work: () => Found | Promise<Found>): Promise<Finding> {
  try {
    return { name, ...(await work()) };
  } catch (error) {
    return { name, ...problem(reasonOf(error)) };
  }
}
