import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { verifyMessage } from '../../src/fleet/pubsub/verify-message.ts';
import { formatPrefix } from '../../src/net/prefix-text.ts';
import { Recorder } from '../fleet/pubsub/recorder.ts';
import { REDIS_MISSING, RedisServer } from '../fleet/pubsub/redis-server.ts';
import { CommandLine } from '../support/command-line.ts';

const PYTHON = '/usr/bin/python3';
const MISSING = REDIS_MISSING ?? (existsSync(PYTHON) ? undefined : 'python3 is not installed');

const CHANNEL = { name: 'block', isPlain: true };
const RULES = {
  keys: undefined,
  self: 'a.example.net',
  widest4: 8,
  widest6: 19,
  auto: DEFAULT_POLICY.auto,
  maxAgeSeconds: 300,
};

/**
 * acacia_client publishes the text of the address and nothing else, no newline: by hand as it was
 * typed, once Python's ipaddress takes it; from cron as pfctl(8) shows it.
 */
describe("what acacia's client publishes", () => {
  it.each([
    ['192.0.2.7', '192.0.2.7/32'],
    ['2001:db8::7', '2001:db8::7/128'],
    ['2001:DB8::7', '2001:db8::7/128'],
    ['2001:0db8:0000:0000:0000:0000:0000:0007', '2001:db8::7/128'],
    ['::ffff:192.0.2.7', '192.0.2.7/32'],
    ['192.0.2.0/24', '192.0.2.0/24'],
  ])('is accepted: %s', (published, prefix) => {
    const verified = verifyMessage(Buffer.from(published), CHANNEL, RULES, 0);
    expect('refused' in verified ? verified : formatPrefix(verified.prefix)).toBe(prefix);
  });
});

/**
 * acacia_pubsub gives the whole message as the last argument to the command of the channel, without
 * a shell; the script that it is used with refuses what Python's ipaddress does not take.
 */
describe.skipIf(MISSING)(`what acacia's daemon receives (${MISSING ?? 'Redis over TLS'})`, () => {
  let redis: RedisServer;
  let line: CommandLine;
  let recorder: Recorder;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  beforeEach(async () => {
    line = new CommandLine();
    line.now = `@${Math.floor(Date.now() / 1000)}`;
    configure();
    recorder = await Recorder.open(redis, 'block', 'mcblock');
  });
  afterEach(() => {
    recorder.close();
    line.remove();
  });
  afterAll(() => redis.remove());

  function configure(more = ''): void {
    line.config = line.path('mcblock.toml');
    writeFileSync(line.config, `${redis.settings}fleet.url = "http://127.0.0.1:1"\n${more}`);
  }

  it('is an address, byte for byte', async () => {
    await line.run('add', '192.0.2.7', '2001:DB8:0::7', '--share');
    const published = await recorder.texts('block', 2);
    expect(published).toEqual(['192.0.2.7', '2001:db8::7']);
    expect(published.map(asItsScript)).toEqual(published);
  });

  it('is the offender if the network around it is blocked', async () => {
    const log = line.path('auth.log');
    const at = new Date(Date.now() - 60_000).toISOString();
    const lines = [7, 8, 9].map(
      (pid) => `${at} gw sshd[${pid}]: Failed password for root from 203.0.113.9 port 9 ssh2\n`,
    );
    writeFileSync(log, lines.join(''));
    await line.run('grok', log);
    expect(await recorder.texts('block', 1)).toEqual(['203.0.113.9']);
    expect((await recorder.texts('mcblock', 1))[0]).toContain('"prefix":"203.0.113.0/24"');
  });

  it('is nothing if a network is blocked by hand, which its script would refuse', async () => {
    await line.run('add', '203.0.113.0/24', '192.0.2.7', '--share');
    await recorder.texts('mcblock', 2);
    expect(await recorder.texts('block', 1)).toEqual(['192.0.2.7']);
  });

  it('is never one of our messages', async () => {
    configure('pubsub.channel = "block"\n');
    const { exitCode, stderr } = await line.run('add', '192.0.2.7', '--share');
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringMatching(/pubsub.channel.*pubsub.plain-channel/),
    ]);
  });
});

function asItsScript(message: string): string {
  const script = 'import ipaddress, sys; print(ipaddress.ip_address(sys.argv[1]))';
  return execFileSync(PYTHON, ['-c', script, message], { encoding: 'utf8' }).trim();
}
