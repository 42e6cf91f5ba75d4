import { main } from './main.ts';
import { descriptorSink } from './sink.ts';
import { VERSION } from './version.ts';

/** Runs the command line of this process. Called by what bin/mcblock.js launches. */
export async function start(): Promise<void> {
  // In case it ends with nothing left to wait for, and yet no answer.
  process.exitCode = 1;
  process.exitCode = await main(process.argv.slice(2), {
    stdout: descriptorSink(1),
    stderr: descriptorSink(2),
    env: process.env,
    version: VERSION,
    clock: () => Math.floor(Date.now() / 1000),
  });
}
