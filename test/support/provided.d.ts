import 'vitest';

declare module 'vitest' {
  /** What global-setup.mjs hands to the tests. */
  interface ProvidedContext {
    /** bin/mcblock.js of the installed program. */
    program: string;
    /** The seed of all random choices. */
    seed: number;
  }
}
