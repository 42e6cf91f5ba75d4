import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAcacia } from '../../src/cli/config/acacia.ts';
import { channels } from '../../src/cli/config/channels.ts';
import { setting, settingText } from '../../src/cli/config/setting.ts';
import { SigningKey } from '../../src/fleet/pubsub/signing-key.ts';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

describe("acacia's configuration", () => {
  it('is read with all its settings', () => {
    const config = readFile({
      CertPath: '/etc/ssl/host.pem',
      KeyPath: '/etc/ssl/host.key',
      CaPath: '/etc/ssl/ca.pem',
      RedisAddress: 'redis.example.com:6379',
      StatusAddress: ':8091',
      User: '_acacia',
      Actions: { ping: '/sbin/ping -c 5', block: 'block' },
    });
    expect(config).toEqual({
      cert: '/etc/ssl/host.pem',
      key: '/etc/ssl/host.key',
      ca: '/etc/ssl/ca.pem',
      address: 'redis.example.com:6379',
      status: '127.0.0.1:8091',
      user: '_acacia',
      warnings: [],
      channels: new Map<string, unknown>([
        [
          'ping',
          {
            command: ['/sbin/ping', '-c', '5'],
            carries: 'address',
            words: undefined,
            plain: true,
          },
        ],
        ['block', { block: true, plain: true }],
      ]),
    });
    expect(readFile({ Address: 'redis.example.com:6379' }).address).toBe('redis.example.com:6379');
    expect(readFile({ CertPath: '' }).cert).toBeUndefined();
    expect(readFile({ CertPat: '/x' }).warnings).toEqual([
      expect.stringMatching(/unknown key CertPat ignored; did you mean CertPath/),
    ]);
    expect(readFile({ redisaddress: 'redis.example.com:6379' }).address).toBe(
      'redis.example.com:6379',
    );
  });

  it.each([
    ['{', /acacia\.json: .*JSON/],
    ['[]', /not a JSON object/],
    [{ User: 7 }, /User must be a string/],
    [{ Actions: { a: 'ping' } }, /absolute path/],
    [{ Actions: { a: '' } }, /absolute path/],
    [{ Actions: [] }, /Actions must be an object/],
  ])('is refused: %j', (content, message) => {
    expect(() => readFile(content)).toThrow(message);
  });
});

describe('channels', () => {
  it('are shown as they are written', () => {
    const table = {
      block: 'block',
      'a.b': { command: ['/bin/x', '-y'], carries: 'prefix' },
      deploy: { command: ['/bin/x'], carries: 'word', words: 'web|mail', plain: true },
      acacia: { block: true, plain: true },
    };
    const codec = channels();
    expect(settingText(setting(new Map(), codec), codec.read(table, 'channels'))).toBe(
      '{ block = "block", "a.b" = { command = ["/bin/x","-y"], carries = "prefix" }, deploy = { command = ["/bin/x"], carries = "word", words = "web|mail", plain = true }, acacia = { block = true, plain = true } }',
    );
  });

  it.each([
    [[]],
    [{ a: 'drop' }],
    [{ 'a b': 'block' }],
    [{ a: { command: ['x'], carries: 'address' } }],
    [{ a: { command: '/bin/x', carries: 'address' } }],
    [{ a: { command: ['/bin/x'], carries: 'anything' } }],
    [{ a: { command: ['/bin/x'], carries: 'word' } }],
    [{ a: { command: ['/bin/x'], carries: 'word', words: '(' } }],
    [{ a: { command: ['/bin/x'], carries: 'word', words: 'a)|(b' } }],
    [{ a: { command: ['/bin/x'], carries: 'address', words: 'x' } }],
    [{ a: { command: ['/bin/x'], carries: 'address', shell: true } }],
    [{ a: { command: ['/bin/x'], carries: 'address', plain: 'yes' } }],
    [{ a: { block: true, command: ['/bin/x'], carries: 'address' } }],
    [{ a: { block: false, plain: true } }],
    [{ a: { plain: true } }],
  ])('are refused: %j', (value) => {
    expect(() => channels().read(value, 'channels')).toThrow('must be');
  });
});

const API = 'fleet.url = "http://127.0.0.1:1"\nfleet.user = "gate1"';

describe('listen', () => {
  it.each([
    ['', /set pubsub\.address/],
    ['pubsub.address = "redis.example.net:6379"', /mutual TLS/],
    ['pubsub.address = "127.0.0.1:1"\npubsub.cert = "/x"', /pubsub\.key is not set/],
    ['pubsub.require-signature = true', /is now listen\.channels, where plain = true accepts/],
    ['pubsub.fleet-key = "/etc/fleet.key"', /pubsub\.fleet-key is now pubsub\.signing-key/],
    ['pubsub.sender = "gate1"', /pubsub\.sender is now fleet\.user/],
    [
      'pubsub.address = "127.0.0.1:1"\npubsub.signing-key = "/nonexistent"',
      /pubsub\.signing-key needs fleet\.url and fleet\.user/,
    ],
    [
      `pubsub.address = "127.0.0.1:1"\npubsub.signing-key = "/nonexistent"\n${API}`,
      /pubsub\.signing-key: \/nonexistent: no such file/,
    ],
    ['pubsub.address = "127.0.0.1:1"\nlisten.channels = { a = "b" }', /listen.channels.a must be/],
  ])('does not start: %s', async (content, message) => {
    const { exitCode, stderr } = await runWith(content, '--as-root', '--no-apply');
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it('refuses a key that others can read, or of another kind', async () => {
    const key = line.path('signing.key');
    const config = `pubsub.address = "127.0.0.1:1"\npubsub.signing-key = "${key}"\n${API}`;
    writeFileSync(key, new SigningKey().pem, { mode: 0o644 });
    expect((await runWith(config, '--as-root')).stderr).toMatch(/chmod 600/);
    const { privateKey } = generateKeyPairSync('x25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    for (const text of [Buffer.alloc(32, 7).toString('base64'), String(pem), '']) {
      writeFileSync(key, text);
      chmodSync(key, 0o600);
      const { stderr } = await runWith(config, '--as-root');
      expect(stderr).toContain('has no Ed25519 key; move it away and run mcblock key');
      expect(stderr).not.toContain('BwcH');
    }
  });

  it('refuses words, which nobody signs, unless the channel is plain', async () => {
    const key = line.path('signing.key');
    writeFileSync(key, new SigningKey().pem, { mode: 0o600 });
    const config = `pubsub.address = "127.0.0.1:1"\npubsub.signing-key = "${key}"\n${API}
listen.channels = { web = { command = ["/bin/true"], carries = "word", words = "a" } }`;
    const { exitCode, stderr } = await runWith(config, '--as-root');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('add plain = true')]);
  });

  it.skipIf(process.getuid?.() !== 0)('refuses to run as root without listen.user', async () => {
    const { exitCode, stderr } = await runWith('pubsub.address = "127.0.0.1:1"');
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/listen.user/)]);
    const unknown = await runWith('pubsub.address = "127.0.0.1:1"\nlisten.user = "no-such-user"');
    expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringMatching(/no such user/)]);
    const root = await runWith('pubsub.address = "127.0.0.1:1"\nlisten.user = "root"');
    expect(root.stderr).toMatch(/is root/);
  });

  it('refuses --as-root with listen.user', async () => {
    const content = 'pubsub.address = "127.0.0.1:1"\nlisten.user = "nobody"';
    const { exitCode, stderr } = await runWith(content, '--as-root');
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/listen\.user is nobody/)]);
  });
});

function readFile(content: unknown) {
  const file = line.path('acacia.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readAcacia(file);
}

function runWith(content: string, ...argv: string[]) {
  line.config = line.path('mcblock.toml');
  writeFileSync(line.config, content);
  return line.run('listen', ...argv);
}
