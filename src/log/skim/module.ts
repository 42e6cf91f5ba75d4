import { assemblyOf, exportsOf } from '../../../grammar/notation/assembly.ts';
import { randomWord } from '../random-word.ts';
import { MOST_PROGRAMS } from './assembly/memory-map.ts';

/** The functions of src/log/skim/assembly; the doc comments stand there. Places are of the memory. */
interface SkimModule {
  readonly skim: (start: number, end: number) => void;
  readonly setLog: (log: number) => void;
  readonly setDay: (start: number, time: number) => void;
  readonly setHost: (start: number, end: number) => void;
  readonly forgetHeaders: () => void;
  readonly knowsProgram: (start: number, end: number) => number;
  readonly addProgram: (
    start: number,
    end: number,
    first: number,
    nextFirst: number,
    isKnown: boolean,
    service: number,
  ) => number;
  readonly setKey: (high: number, low: number) => void;
  readonly connect: (
    log: number,
    service: number,
    pid: number,
    time: number,
    isAttempt: boolean,
    points: number,
  ) => number;
}

/** The scanners that it calls, two for each program. */
export const scannerTable = new WebAssembly.Table({
  element: 'anyfunc',
  initial: 2 * MOST_PROGRAMS,
});

let loaded: SkimModule | undefined;

/** It is loaded when the first log is read. */
export function skimModule(): SkimModule {
  loaded ??= load();
  return loaded;
}

function load(): SkimModule {
  const exported = exportsOf(assemblyOf('#skim'), { table: scannerTable });
  // The build compiles them from src/log/skim/assembly/skim.ts.
  const module = exported as unknown as SkimModule;
  module.setKey(randomWord(), randomWord());
  return module;
}
