import { configureGlobal } from 'fast-check';
import { inject } from 'vitest';

// In every test file: fast-check draws from the seed of this run.
configureGlobal({ seed: inject('seed') });
