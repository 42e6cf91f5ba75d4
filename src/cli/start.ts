import { main } from './main.ts';
import { descriptorSink } from './sink.ts';
import { VERSION } from './version.ts';

/** Runs the command line of this process. Called by bin/mcblock.js. */
export async function start(): Promise<void> {
  // Stays if the process runs out of work before there is an answer.
  process.exitCode = 1;
  const code = await main(process.argv.slice(2), {
    stdout: descriptorSink(1),
    stderr: descriptorSink(2),
    env: process.env,
    version: VERSION,
    clock: () => Math.floor(Date.now() / 1000),
  });
  // Output is written and files are closed; to take down Node's heap would take longer than most commands.
  process.exit(code);
}
