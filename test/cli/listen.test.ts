import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { readAcacia } from '../../src/cli/config/acacia.ts';
import { channels } from '../../src/cli/config/channels.ts';
import { setting, settingText } from '../../src/cli/config/setting.ts';
import { storeBans } from '../../src/engine/listen/store-bans.ts';
import { askSeconds } from '../../src/engine/listen/tasks.ts';
import type { BlockRequest } from '../../src/fleet/pubsub/block-queue.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { CommandLine } from '../support/command-line.ts';

const NOW = Date.UTC(2026, 0, 1) / 1000;
const DAY = 86_400;

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

describe('what the fleet asks for', () => {
  let store: Store;
  beforeEach(() => {
    store = openStore(line.db, { mode: 'write' });
  });
  afterEach(() => store.close());

  const ask = (...requests: BlockRequest[]) => storeBans(store, requests, DEFAULT_POLICY, NOW);
  const hits = (prefix: string) => store.get(parsePrefix(prefix))?.hits;

  it('is blocked as it was said: the address, or the prefix until then', () => {
    expect(ask(plain('192.0.2.7'), signed('198.51.100.0/24', '198.51.100.9'))).toEqual([
      { outcome: 'new', prefix: parsePrefix('192.0.2.7'), expiresAt: NOW + 30 * DAY },
      { outcome: 'new', prefix: parsePrefix('198.51.100.0/24'), expiresAt: NOW + 7 * DAY },
    ]);
    const [activation] = store.history(parsePrefix('198.51.100.0/24'));
    expect(activation).toMatchObject({ origin: 'fleet', note: 'a.example.net: why' });
    expect(activation?.evidence).toMatchObject([
      { service: 'sshd', count: 3, host: 'a.example.net' },
    ]);
  });

  it('is believed no expiry that is not signed', () => {
    const [result] = ask({ ...signed('198.51.100.0/24', '198.51.100.9'), isSigned: false });
    expect(result?.expiresAt).toBe(NOW + 30 * DAY);
    expect(hits('198.51.100.0/24')).toBe(3);
  });

  it('counts once, however the two forms come', () => {
    ask(plain('192.0.2.7'));
    const message = { ...signed('192.0.2.7', '192.0.2.7'), isSigned: false, isEcho: true };
    expect(ask(message)).toMatchObject([{ outcome: 'covered' }]);
    expect(hits('192.0.2.7')).toBe(1);
  });

  it('never touches what is protected', () => {
    store.allow(parsePrefix('198.51.100.128/25'), '', NOW);
    store.recordLogins([{ address: parsePrefix('203.0.113.5'), at: NOW - DAY }]);
    const outcomes = ask(
      plain('198.51.100.200'),
      plain('203.0.113.5'),
      plain('127.0.0.1'),
      plain('10.1.2.3'),
      plain('::1'),
      { ...plain('203.0.113.0'), prefix: parsePrefix('203.0.113.0/24'), address: undefined },
      signed('203.0.113.0/24', undefined),
      signed('198.51.100.128/25', '198.51.100.200'),
    ).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(Array.from({ length: 8 }, () => 'protected'));
    expect([...store.entries()]).toEqual([]);
    // Around an offender it is narrowed to what is not.
    expect(ask(signed('198.51.100.0/24', '198.51.100.9'))).toMatchObject([
      { outcome: 'new', prefix: parsePrefix('198.51.100.0/25') },
    ]);
  });

  it('is stored whole or not at all', () => {
    const broken = { ...plain('192.0.2.9'), prefix: undefined } as unknown as BlockRequest;
    expect(() => ask(plain('192.0.2.7'), broken)).toThrow();
    expect([...store.entries()]).toEqual([]);
  });
});

describe("acacia's own configuration", () => {
  it('is read whole', () => {
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
      channels: new Map<string, unknown>([
        ['ping', { command: ['/sbin/ping', '-c', '5'], carries: 'address', words: undefined }],
        ['block', 'block'],
      ]),
    });
    expect(readFile({ Address: 'redis.example.com:6379' }).address).toBe('redis.example.com:6379');
    expect(readFile({ CertPath: '' }).cert).toBeUndefined();
    expect(readFile({ redisaddress: 'redis.example.com:6379' }).address).toBe(
      'redis.example.com:6379',
    );
  });

  it.each([
    ['{', /cannot read/],
    ['[]', /no object/],
    [{ CertPat: '/x' }, /did you mean CertPath/],
    [{ User: 7 }, /User is no text/],
    [{ Actions: { a: 'ping' } }, /absolute path/],
    [{ Actions: { a: '' } }, /absolute path/],
    [{ Actions: [] }, /table/],
  ])('is refused: %j', (content, message) => {
    expect(() => readFile(content)).toThrow(message);
  });
});

describe('channels', () => {
  it('are shown as they are read', () => {
    const table = {
      block: 'block',
      'a.b': { command: ['/bin/x', '-y'], carries: 'prefix' },
      deploy: { command: ['/bin/x'], carries: 'word', words: 'web|mail' },
    };
    const codec = channels();
    expect(settingText(setting(new Map(), codec), codec.read(table, 'channels'))).toBe(
      '{ block = "block", "a.b" = { command = ["/bin/x","-y"], carries = "prefix" }, deploy = { command = ["/bin/x"], carries = "word", words = "web|mail" } }',
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
  ])('are refused: %j', (value) => {
    expect(() => channels().read(value, 'channels')).toThrow('must be');
  });
});

describe('the command', () => {
  it.each([
    ['', /pubsub.address does not say/],
    ['pubsub.address = "redis.example.net:6379"', /mutual TLS/],
    ['pubsub.address = "127.0.0.1:1"\npubsub.cert = "/x"', /pubsub.key is missing/],
    ['pubsub.address = "127.0.0.1:1"\npubsub.require-signature = true', /needs pubsub.fleet-key/],
    [
      'pubsub.address = "127.0.0.1:1"\npubsub.fleet-key = "/nonexistent"',
      /pubsub.fleet-key \/nonexistent cannot/,
    ],
    ['pubsub.address = "127.0.0.1:1"\nlisten.channels = { a = "b" }', /listen.channels.a must be/],
  ])('does not start: %s', async (content, message) => {
    const { exitCode, stderr } = await runWith(content, '--as-root', '--no-apply');
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it('takes no key of the fleet that others may read, or that is short', async () => {
    const key = line.path('fleet.key');
    const config = `pubsub.address = "127.0.0.1:1"\npubsub.fleet-key = "${key}"`;
    writeFileSync(key, Buffer.alloc(32).toString('base64'), { mode: 0o644 });
    expect((await runWith(config, '--as-root')).stderr).toMatch(/chmod 600/);
    const short = line.path('short.key');
    writeFileSync(short, Buffer.alloc(31).toString('base64'), { mode: 0o600 });
    expect((await runWith(config.replace(key, short), '--as-root')).stderr).toMatch(/at least 32/);
  });

  it.skipIf(process.getuid?.() !== 0)('is not for root without a word', async () => {
    const { exitCode, stderr } = await runWith('pubsub.address = "127.0.0.1:1"');
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/listen.user/)]);
    const unknown = await runWith('pubsub.address = "127.0.0.1:1"\nlisten.user = "no-such-user"');
    expect([unknown.exitCode, unknown.stderr]).toEqual([2, expect.stringMatching(/no user/)]);
    const root = await runWith('pubsub.address = "127.0.0.1:1"\nlisten.user = "root"');
    expect(root.stderr).toMatch(/is root/);
  });
});

function plain(text: string): BlockRequest {
  const prefix = parsePrefix(text);
  return {
    prefix,
    address: prefix,
    message: undefined,
    isSigned: false,
    channel: 'block',
    isEcho: false,
  };
}

function signed(text: string, offender: string | undefined): BlockRequest {
  const prefix = parsePrefix(text);
  const address = offender === undefined ? undefined : parsePrefix(offender);
  const ban = {
    prefix,
    address,
    expiresAt: NOW + 7 * DAY,
    origin: 'grok',
    evidence: [{ service: 'sshd', message: 'failed-login', count: 3 }],
    note: 'why',
  } as const;
  const message = { ban, sender: 'a.example.net', number: 1, at: NOW };
  return { prefix, address, message, isSigned: true, channel: 'mcblock', isEcho: false };
}

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

it('asks the API often while it does not hear the bell, and for a while after that', () => {
  const asks = [undefined, NOW - 1, NOW - 29, NOW - 30].map((since) => askSeconds(since, NOW, 180));
  expect(asks).toEqual([10, 10, 10, 180]);
  expect(askSeconds(undefined, NOW, 5)).toBe(5);
});
