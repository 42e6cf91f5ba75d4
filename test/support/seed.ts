import { configureGlobal } from 'fast-check';
import { inject } from 'vitest';

declare module 'vitest' {
  /** What global-setup.mjs hands to the tests. */
  interface ProvidedContext {
    /** bin/mcblock.js of the installed program. */
    program: string;
    /** The seed of all random choices. */
    seed: number;
  }
}

// In every test file: fast-check draws from the seed of this run.
configureGlobal({ seed: inject('seed') });
