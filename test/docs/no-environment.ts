import type { Environment } from '../../src/cli/context.ts';
import type { Sink } from '../../src/cli/sink.ts';

const NOWHERE: Sink = { isTerminal: false, columns: undefined, write() {} };

/** For a command line that is only looked at. */
export const NO_ENVIRONMENT: Environment = {
  stdout: NOWHERE,
  stderr: NOWHERE,
  env: {},
  version: '0.0.0-test',
  clock: () => 0,
};
