import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import type { Sink } from '../../src/cli/sink.ts';
import { CommandLine } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

const AS_ROOT = process.getuid?.() === 0 ? ['--as-root'] : [];

const LISTEN = 'pubsub.address = "127.0.0.1:1"\nlisten.status = "127.0.0.1:0"\n';

it.each<[string, string, string[]]>([
  ['listening', '', ['serve', '--listen', '127.0.0.1:0']],
  ['answering', LISTEN, ['listen', ...AS_ROOT]],
  ['watching', '', ['watch', 'auth.log']],
  ['probing', 'probe.ports = [PORT]\n', ['probe', ...AS_ROOT]],
])('a daemon that says it is %s stops in order from then on', async (word, config, argv) => {
  expect(await daemon(word, config, ...argv)).toMatchObject({ exitCode: 0, handlers: 1 });
});

it('listen leaves the firewall alone if none is configured, and says so', async () => {
  const said = 'recorded; run mcblock apply or mcblock emit to update the firewall';
  expect((await daemon('answering', LISTEN, 'listen', ...AS_ROOT)).output).toContain(said);
  const { output } = await daemon('answering', LISTEN, 'listen', ...AS_ROOT, '--no-apply');
  expect(output).not.toContain(said);
});

/** Runs a daemon that is sent SIGTERM as soon as it writes the word. */
async function daemon(word: string, config: string, ...argv: string[]) {
  const file = line.path('mcblock.toml');
  writeFileSync(file, config.replace('PORT', String(await freePort())));
  const before = process.listenerCount('SIGTERM');
  const listening = () => process.listenerCount('SIGTERM') - before;
  let output = '';
  let handlers: number | undefined;
  const stderr: Sink = {
    isTerminal: false,
    columns: undefined,
    write(data) {
      output += String(data);
      if (handlers !== undefined || !output.includes(word)) return;
      handlers = listening();
      void until(() => listening() > 0).then(() => process.emit('SIGTERM'));
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
  return { exitCode, handlers, output };
}
