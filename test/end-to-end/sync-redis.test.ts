import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseMessage, splitSignature } from '../../src/fleet/pubsub/message-text.ts';
import { SigningKey } from '../../src/fleet/pubsub/signing-key.ts';
import { parseAddress } from '../../src/net/address-text.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { LiveServer, PASSWORD } from '../fleet/client/live-server.ts';
import { Recorder } from '../fleet/pubsub/recorder.ts';
import { REDIS_MISSING, RedisServer } from '../fleet/pubsub/redis-server.ts';
import { CommandLine } from '../support/command-line.ts';
import { keysOf } from '../support/keys.ts';
import { PfTables } from '../support/pf-tables.ts';

const KEY = new SigningKey();
const NOW = Math.floor(Date.now() / 1000);

describe.skipIf(REDIS_MISSING)(`mcblock sync over Redis (${REDIS_MISSING ?? 'TLS'})`, () => {
  let redis: RedisServer;
  let line: CommandLine;
  let pf: PfTables;
  let recorder: Recorder;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  beforeEach(async () => {
    line = new CommandLine();
    line.now = `@${NOW}`;
    pf = new PfTables(line.folder);
    configure();
    recorder = await Recorder.open(redis, 'block', 'mcblock');
  });
  afterEach(() => {
    recorder.close();
    line.remove();
  });
  afterAll(() => redis.remove());

  function configure(url = 'http://127.0.0.1:1'): void {
    const secret = line.path('signing.key');
    writeFileSync(secret, KEY.pem, { mode: 0o600 });
    line.config = line.path('mcblock.toml');
    writeFileSync(
      line.config,
      `${redis.settings}pubsub.signing-key = "${secret}"
fleet.url = "${url}"
fleet.user = "gate1"
fleet.password-file = "${line.path('password')}"
firewall.kind = "pf"
firewall.pfctl = "${pf.pfctl}"
fleet.pf-tables = ["brute*"]
`,
    );
  }

  const pubsub = (...argv: string[]) => line.run('sync', '--only-pubsub', ...argv);

  it("publishes the addresses in pf's tables in both forms, and does nothing else", async () => {
    pf.hold({ bruteforce: ['203.0.113.9', '2001:67c::7'], mcblock: ['198.51.100.1'] });
    expect(await pubsub()).toEqual({
      exitCode: 0,
      stdout: '2 published\n',
      stderr: '',
    });
    expect(await recorder.texts('block', 2)).toEqual(['203.0.113.9', '2001:67c::7']);
    const [first] = (await recorder.texts('mcblock', 2)).map((text) => {
      const { body, signature } = splitSignature(text);
      expect(keysOf({ gate1: KEY }).verify('gate1', body, signature ?? '')).toBe(true);
      return parseMessage(body);
    });
    expect(first).toMatchObject({
      sender: 'gate1',
      channel: 'mcblock',
      ban: {
        prefix: parsePrefix('203.0.113.0/24'),
        address: parseAddress('203.0.113.9'),
        expiresAt: NOW + 30 * 86_400,
        origin: 'pf',
        evidence: [{ service: 'pf', message: 'bruteforce', count: 1 }],
      },
    });
    expect(await line.json('show')).toEqual([]);
    expect(pf.calls()).toEqual(['-s Tables', '-t bruteforce -T show']);
  });

  it('publishes an address once while it is in the table', async () => {
    pf.hold({ brute: ['203.0.113.9'] });
    await pubsub();
    expect((await pubsub()).stdout).toBe('0 published\n');
    pf.hold({ brute: ['203.0.113.9', '203.0.113.10'] });
    expect((await pubsub()).stdout).toBe('1 published\n');
    pf.hold({ brute: [] });
    await pubsub();
    pf.hold({ brute: ['203.0.113.9'] });
    expect(await line.json('sync', '--only-pubsub')).toMatchObject({ dryRun: false, published: 1 });
    expect(await recorder.texts('block', 3)).toEqual([
      '203.0.113.9',
      '203.0.113.10',
      '203.0.113.9',
    ]);
  });

  it('does not publish protected addresses', async () => {
    await line.run('allow', '203.0.113.9');
    pf.hold({ brute: ['192.168.1.7', '203.0.113.9', '203.0.113.10'] });
    expect((await pubsub('--dry-run')).stdout).toBe('dry run: 1 published, 2 protected\n');
    expect((await pubsub()).stdout).toBe('1 published, 2 protected\n');
    expect(await recorder.texts('block', 1)).toEqual(['203.0.113.10']);
    expect((await pubsub()).stdout).toBe('0 published\n');
  });

  it('retries the next time if Redis is away', async () => {
    pf.hold({ brute: ['203.0.113.9'] });
    await redis.kill();
    const { exitCode, stderr } = await pubsub();
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('cannot publish to Redis')]);
    await redis.start();
    expect((await pubsub()).stdout).toBe('1 published\n');
  });

  it('is one half of sync; the API is the other', async () => {
    const server = new LiveServer(line.path('fleet.db'));
    await server.start();
    try {
      await server.addUser('gate1');
      server.now = NOW;
      writeFileSync(line.path('password'), PASSWORD, { mode: 0o600 });
      configure(server.url);
      pf.hold({ brute: ['203.0.113.9'] });
      expect((await line.run('sync', '--only-api')).stdout).toMatch(/^pf: 1 new; 1 reported/);
      expect((await pubsub()).stdout).toBe('1 published\n');
      pf.hold({ brute: ['203.0.113.9', '9.9.9.9'] });
      expect((await line.run('sync', '--dry-run')).stdout).toMatch(
        /^dry run: pf: 1 new; 1 published; /,
      );
      expect((await line.run('sync')).stdout).toMatch(/^pf: 1 new; 1 published; 1 reported/);
      expect(await recorder.texts('block', 2)).toEqual(['203.0.113.9', '9.9.9.9']);
    } finally {
      await server.stop();
    }
  });

  it('refuses a key that does not match the certificate', async () => {
    const text = readFileSync(line.path('mcblock.toml'), 'utf8');
    writeFileSync(
      line.path('mcblock.toml'),
      text.replace(redis.files.key, redis.path('redis.key')),
    );
    pf.hold({ brute: ['203.0.113.9'] });
    const { exitCode, stderr } = await pubsub();
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining('key does not match certificate'),
    ]);
  });

  it.each([
    [/^pubsub.address.*$/m, [], /needs pubsub\.address/],
    [/^fleet.pf-tables.*$/m, [], /needs fleet\.pf-tables/],
    [/^$/m, ['--only-api'], /only one of --only-api and --only-pubsub/],
  ])('reports missing settings: %s', async (lacking, argv, message) => {
    const file = line.path('mcblock.toml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(lacking, ''));
    const { exitCode, stderr } = await pubsub(...argv);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});
