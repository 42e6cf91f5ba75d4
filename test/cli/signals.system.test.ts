import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import type { Sink } from '../../src/cli/sink.ts';
import { CommandLine } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

const AS_ROOT = process.getuid?.() === 0 ? ['--as-root'] : [];

it.each<[string, string, string[]]>([
  ['listening', '', ['serve', '--listen', '127.0.0.1:0']],
  [
    'answering',
    'pubsub.address = "127.0.0.1:1"\nlisten.status = "127.0.0.1:0"\n',
    ['listen', ...AS_ROOT, '--no-apply'],
  ],
  ['watching', '', ['watch', 'auth.log']],
  ['probing', 'probe.ports = [PORT]\n', ['probe', ...AS_ROOT]],
])('a daemon that says it is %s stops in order from then on', async (word, config, argv) => {
  const file = line.path('mcblock.toml');
  writeFileSync(file, config.replace('PORT', String(await freePort())));
  // As many as before, if nothing of the daemon's own handles the signal.
  const before = process.listenerCount('SIGTERM');
  let handlers = 0;
  const stderr: Sink = {
    isTerminal: false,
    columns: undefined,
    write(data) {
      if (handlers > 0 || !String(data).includes(word)) return;
      handlers = process.listenerCount('SIGTERM') - before;
      setTimeout(() => process.emit('SIGTERM'), handlers > 0 ? 0 : 1000);
    },
  };
  const exitCode = await main(['--db', line.db, '--config', file, ...argv], {
    stdout: stderr,
    stderr,
    env: {},
    version: '0.0.0-test',
    clock: () => Math.floor(Date.now() / 1000),
    isClockSynchronised: async () => true,
    programFile: '/etc/passwd',
  });
  expect([exitCode, handlers]).toEqual([0, 1]);
});
