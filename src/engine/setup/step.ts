import type { Facts } from './facts.ts';

/** One thing that setup does. Programs and files are absolute paths. */
export type Step =
  /** Writes a file of setup's own, which ends in a seal. */
  | { readonly kind: 'write'; readonly path: string; readonly text: string; readonly mode: number }
  /** Changes a file of the owner, and keeps a copy. */
  | { readonly kind: 'edit'; readonly path: string; readonly text: string; readonly what: string }
  /** Removes a file of setup's own. */
  | { readonly kind: 'remove'; readonly path: string }
  /** Creates the store, which commands that only read do not. */
  | { readonly kind: 'store'; readonly path: string }
  /** Runs a program of the system. */
  | {
      readonly kind: 'run';
      readonly program: string;
      readonly args: readonly string[];
      /** It fails if there is nothing to stop or remove. */
      readonly mayFail?: true;
    }
  /** Runs a command of mcblock. */
  | { readonly kind: 'mcblock'; readonly args: readonly string[] }
  /** Shows what `mcblock grok` of these logs would block, and records it if the owner agrees. */
  | { readonly kind: 'history'; readonly args: readonly string[]; readonly what: string };

/** What setup does, and what is left to the owner. */
export interface Plan {
  readonly steps: readonly Step[];
  /** Each has the lines to type or copy. */
  readonly toDo: readonly ToDo[];
}

export interface ToDo {
  readonly text: string;
  readonly lines: readonly string[];
}

export function write(path: string, text: string, mode = 0o644): Step {
  return { kind: 'write', path, text, mode };
}

/** Steps that remove those of the files that exist. */
export function removal({ text }: Facts, ...paths: readonly string[]): Step[] {
  return paths.filter((path) => text(path) !== undefined).map((path) => ({ kind: 'remove', path }));
}

export function run(program: string, ...args: readonly string[]): Step {
  return { kind: 'run', program, args };
}

/** Runs a program that fails if there is nothing to stop or remove. */
export function runIfThere(program: string, ...args: readonly string[]): Step {
  return { kind: 'run', program, args, mayFail: true };
}

export function mcblock(...args: readonly string[]): Step {
  return { kind: 'mcblock', args };
}

/** Describes a step in one line. */
export function stepText(step: Step): string {
  switch (step.kind) {
    case 'write':
      return `write ${step.path}`;
    case 'edit':
      return `edit ${step.path}: ${step.what}`;
    case 'remove':
      return `remove ${step.path}`;
    case 'store':
      return `create ${step.path}`;
    case 'run':
      return `run ${[step.program, ...step.args].map(quoted).join(' ')}`;
    case 'mcblock':
      return `run mcblock ${step.args.map(quoted).join(' ')}`;
    case 'history':
      return `read ${step.what}: show what it would block, and ask before recording it`;
  }
}

function quoted(word: string): string {
  return /^[\w@%+=:,./*-]+$/.test(word) ? word : `"${word}"`;
}
