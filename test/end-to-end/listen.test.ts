import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/cli/config/config.ts';
import { openConfiguredPublisher } from '../../src/cli/config/sync-options.ts';
import type { EntryJson } from '../../src/cli/text/entry-text.ts';
import type { BanMessage } from '../../src/fleet/pubsub/ban.ts';
import { messageText } from '../../src/fleet/pubsub/message-text.ts';
import { readSigningKey, SigningKey } from '../../src/fleet/pubsub/signing-key.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { signal } from '../../src/process/program.ts';
import { LiveServer, PASSWORD } from '../fleet/client/live-server.ts';
import { REDIS_MISSING, RedisServer } from '../fleet/pubsub/redis-server.ts';
import { CommandLine, type Outcome } from '../support/command-line.ts';
import { fillFleet } from '../support/fill-fleet.ts';
import { plainEvidence } from '../support/offence.ts';
import { program } from '../support/program.ts';
import { until } from '../support/until.ts';

const FLOOD = 100_000;
const FLOOD_AT_ONCE = 10_000;
const FLOOD_VALID_EACH = 20;
/** With 100,000 messages at once it may take this much; without them it takes about 100 MB. */
const MEMORY_KILOBYTES = 400_000;
const CHANGES = 2000;
/** Fewer than are accepted at once in plain text. */
const MAX_SENT = 500;
const SEND_MILLISECONDS = 20;
const IS_ROOT = process.getuid?.() === 0;
/** Of gate1, another machine. */
const KEY = new SigningKey();

interface StatusJson {
  readonly state: string;
  readonly lastError: string | null;
  readonly connections: number;
  readonly queue: { readonly blocks: number; readonly commands: number };
  readonly refused: Readonly<Record<string, number>>;
  readonly channels: Readonly<
    Record<string, { readonly received: number; readonly accepted: number }>
  >;
}

describe.skipIf(REDIS_MISSING)(`mcblock listen (${REDIS_MISSING ?? 'with Redis over TLS'})`, () => {
  let redis: RedisServer;
  let api: LiveServer;
  let daemons: Daemon[] = [];
  beforeAll(async () => {
    redis = await RedisServer.start();
    api = new LiveServer(redis.path('fleet.db'));
    api.now = Math.floor(Date.now() / 1000);
    await api.start();
    for (const name of ['gate1', 'gate2']) await api.addUser(name);
    await api.store.setKey('gate1', KEY.publicKey, api.now);
    writeFileSync(redis.path('gate1.key'), KEY.pem, { mode: 0o600 });
    writeFileSync(redis.path('gate2.key'), new SigningKey().pem, { mode: 0o600 });
    writeFileSync(redis.path('password'), PASSWORD, { mode: 0o600 });
  });
  afterEach(async () => {
    for (const daemon of daemons.splice(0)) await daemon.remove();
  });
  afterAll(async () => {
    await api.stop();
    await redis.remove();
    daemons = [];
  });

  /** The settings of a machine that signs, and verifies. */
  function memberSettings(name: string): string {
    return `fleet.url = "${api.url}"
fleet.user = "${name}"
fleet.password-file = "${redis.path('password')}"
pubsub.signing-key = "${redis.path(`${name}.key`)}"
`;
  }

  /** A daemon that has the keys of the fleet. */
  async function member(config = ''): Promise<Daemon> {
    const daemon = await connected(`${memberSettings('gate2')}${config}`);
    await until(() => daemon.logged('keys').length > 0);
    return daemon;
  }

  async function start(config = '', ...argv: string[]): Promise<Daemon> {
    const daemon = new Daemon(redis, config, argv);
    daemons.push(daemon);
    await daemon.answering();
    return daemon;
  }

  async function connected(config = '', ...argv: string[]): Promise<Daemon> {
    const daemon = await start(config, ...argv);
    await until(async () => (await daemon.ask('/status')) === 'state: connected\n');
    return daemon;
  }

  it("blocks what acacia's client publishes and reports it", async () => {
    const daemon = await connected();
    expect(redis.publish('block', '192.0.2.7')).toBe(1);
    await until(() => daemon.table().includes('192.0.2.7'));
    expect(await daemon.entries()).toMatchObject([{ prefix: '192.0.2.7/32', origin: 'fleet' }]);
    const page = JSON.parse(await daemon.ask('/page.json')) as { bans: object[] };
    expect(page.bans).toMatchObject([{ prefix: '192.0.2.7/32', from: 'channel block' }]);
    expect(await daemon.stop()).toBe(0);
  });

  it('blocks what another machine publishes, once for both forms', async () => {
    const daemon = await member();
    const publisher = await openConfiguredPublisher(await loadConfig(publisherConfig(), {}));
    const isReady = () =>
      publisher.ping().then(
        () => true,
        () => false,
      );
    await until(isReady);
    await publisher.publish(messageOf('203.0.113.0/24', '203.0.113.9').ban);
    await publisher.close();
    await until(() => daemon.table().includes('203.0.113.0/24'));
    await until(async () => (await daemon.status()).channels['block']?.received === 1);
    expect(await daemon.entries()).toMatchObject([{ prefix: '203.0.113.0/24', activations: 1 }]);
    expect((await daemon.status()).refused).toEqual({ duplicate: 1 });
  });

  it('blocks at once what grok blocks on another machine', async () => {
    const daemon = await member();
    const other = new CommandLine();
    other.now = `@${Math.floor(Date.now() / 1000)}`;
    try {
      const log = other.path('auth.log');
      const at = new Date(Date.now() - 60_000).toISOString();
      const line = `${at} gw sshd[9]: Failed password for root from 5.149.105.9 port 9 ssh2\n`;
      writeFileSync(log, [7, 8, 9].map((pid) => line.replace('[9]', `[${pid}]`)).join(''));
      const { exitCode, stderr } = await other.run(
        '--config',
        publisherConfig(),
        'grok',
        '--no-apply',
        log,
      );
      expect([exitCode, stderr]).toEqual([0, '']);
      await until(() => daemon.table().includes('5.149.105.0/24'));
      const [entry] = await daemon.entries();
      expect(entry).toMatchObject({ prefix: '5.149.105.0/24', origin: 'fleet', activations: 1 });
    } finally {
      other.remove();
    }
  });

  it('refuses messages that are forged, replayed, too wide, its own or about this host', async () => {
    const daemon = await member();
    const message = messageOf('203.0.113.0/24', '203.0.113.9');
    const good = messageText(message, KEY);
    const wide = {
      ...message,
      ban: { ...message.ban, address: undefined, prefix: parsePrefix('0.0.0.0/1') },
    };
    const own = readSigningKey(redis.path('gate2.key'));
    const lines = [
      messageText(message),
      messageText(message, new SigningKey()),
      messageText(message, own),
      good.replace('203.0.113.0/24', '198.51.100.0/24'),
      messageText({ ...message, sender: 'gate3' }, KEY),
      messageText({ ...message, channel: 'reboot' }, KEY),
      messageText({ ...message, sender: 'gate2' }, own),
      messageText({ ...message, at: message.at - 3600, number: 2 }, KEY),
      messageText({ ...message, at: message.at + 3600, number: 2 }, KEY),
      messageText({ ...wide, number: 3 }, KEY),
      messageText({ ...messageOf('127.0.0.1', '127.0.0.1'), number: 4 }, KEY),
      '127.0.0.2',
      '0.0.0.0/0',
      '4.0.0.0/8',
      '192.0.2.1; reboot',
      '-h',
    ];
    for (const line of lines) redis.publish('mcblock', line);
    redis.publish('mcblock', good);
    redis.publish('mcblock', good);
    const all = lines.length + 2;
    await until(async () => (await daemon.status()).channels['mcblock']?.received === all);
    await until(async () => (await daemon.status()).queue.blocks === 0);
    expect((await daemon.status()).refused).toEqual({
      unsigned: 4,
      forged: 2,
      'unknown sender': 1,
      'another channel': 1,
      own: 1,
      'too old': 1,
      'too early': 1,
      'too wide': 1,
      malformed: 3,
      replayed: 1,
      protected: 1,
    });
    expect(await daemon.entries()).toMatchObject([{ prefix: '203.0.113.0/24' }]);
  });

  it('refuses a replay after a restart, and not a message that another has overtaken', async () => {
    const daemon = await member();
    const messages = [7, 5, 6].map((number) => ({
      ...messageOf(`203.0.113.${number}`, `203.0.113.${number}`),
      number,
    }));
    const [first, ...late] = messages.map((message) => messageText(message, KEY));
    redis.publish('mcblock', first ?? '');
    await until(() => daemon.table().includes('203.0.113.7'));
    await daemon.run('expire', '203.0.113.7');
    await daemon.restart('SIGKILL');
    for (const text of [first ?? '', ...late, ...late]) redis.publish('mcblock', text);
    await until(async () => (await daemon.status()).refused['replayed'] === 3);
    const entries = await daemon.entries();
    expect(entries.map(({ prefix }) => prefix)).toEqual(['203.0.113.5/32', '203.0.113.6/32']);
  });

  it('accepts plain text only on channels that are plain, of hosts, at a bounded rate', async () => {
    const daemon = await member(`[listen.channels]
acacia = { block = true, plain = true }
block = "block"`);
    const FAST = 3000;
    for (const text of ['192.0.2.0/24', '4.0.0.0/8', '2001:db8::/64'])
      redis.publish('acacia', text);
    redis.publish('block', '192.0.2.9');
    await redis.flood(
      'acacia',
      Array.from({ length: FAST }, (_, index) => addressOf(index)),
    );
    await until(async () => (await daemon.status()).channels['acacia']?.received === FAST + 3);
    await until(async () => (await daemon.status()).queue.blocks === 0);
    const { refused, channels } = await daemon.status();
    expect(refused).toMatchObject({ 'too wide': 3, unsigned: 1 });
    expect((channels['acacia']?.accepted ?? 0) + (refused['over budget'] ?? 0)).toBe(FAST);
    expect(refused['over budget']).toBeGreaterThan(0);
  });

  it('asks for the new key of a sender, and then believes it', async () => {
    const daemon = await member();
    const next = new SigningKey();
    await api.store.setKey('gate1', next.publicKey, api.now);
    try {
      const message = messageOf('203.0.113.0/24', '203.0.113.9');
      redis.publish('mcblock', messageText(message, next));
      await until(() => daemon.logged('key').length > 0);
      expect(daemon.logged('key')).toMatchObject([
        { level: 'warning', user: 'gate1', key: next.publicKey, replaced: KEY.publicKey },
      ]);
      redis.publish('mcblock', messageText(message, KEY));
      redis.publish('mcblock', messageText({ ...message, number: 2 }, next));
      await until(() => daemon.table().includes('203.0.113.0/24'));
      expect((await daemon.status()).refused).toEqual({ forged: 2 });
    } finally {
      await api.store.setKey('gate1', KEY.publicKey, api.now);
    }
  });

  it('stores all that arrived while it was stopped', async () => {
    const daemon = await connected();
    daemon.signal('SIGSTOP');
    const sent = Array.from({ length: 5 }, (_, index) => addressOf(index));
    for (const address of sent) redis.publish('block', address);
    // Longer than a server may be silent: that is a rule about time.
    await pause(6000);
    daemon.signal('SIGCONT');
    await until(() => sent.every((address) => daemon.table().includes(`${address}/32`)));
    expect((await daemon.status()).connections).toBe(1);
  });

  it(`stores all that arrives while it fetches ${CHANGES} changes`, async () => {
    const full = new LiveServer(redis.path('full.db'));
    await full.start();
    try {
      full.now = Math.floor(Date.now() / 1000);
      await full.addUser('gate2');
      await fillFleet(full.store, CHANGES, full.now);
      const settings = memberSettings('gate2').replace(api.url, full.url);
      const daemon = await connected(
        `${settings}listen.channels = { block = { block = true, plain = true } }\n`,
      );
      let sent = 0;
      do {
        redis.publish('block', addressOf(sent++));
        await pause(SEND_MILLISECONDS);
      } while (daemon.logged('caught up').length === 0 && sent < MAX_SENT);
      await until(() => daemon.logged('caught up').length > 0);
      expect(daemon.logged('caught up')[0]).toMatchObject({ lastNumber: CHANGES, behind: 0 });
      await until(async () => (await daemon.status()).channels['block']?.accepted === sent);
      expect((await daemon.entries()).length).toBe(CHANGES + sent);
      await until(() => daemon.table().includes(addressOf(0)));
    } finally {
      await full.stop();
    }
  });

  it('detects that Redis was killed or hangs, and reconnects', async () => {
    const daemon = await connected();
    await redis.kill();
    await until(async () => (await daemon.ask('/status')) === 'state: disconnected\n');
    await redis.start();
    await until(async () => (await daemon.ask('/status')) === 'state: connected\n');
    redis.freeze();
    await until(async () => (await daemon.ask('/status')) === 'state: disconnected\n');
    redis.thaw();
    await until(async () => (await daemon.ask('/status')) === 'state: connected\n');
    expect(redis.publish('block', '192.0.2.8')).toBe(1);
    await until(() => daemon.table().includes('192.0.2.8'));
  });

  it('refuses a Redis with a certificate of another CA', async () => {
    const daemon = await start(`pubsub.ca = "${redis.otherAuthority()}"`);
    await until(async () => (await daemon.status()).lastError !== null);
    const { lastError, connections } = await daemon.status();
    expect([lastError, connections]).toEqual([expect.stringMatching(/certificate|signature/), 0]);
  });

  it('runs commands with a single, reformatted argument', async () => {
    const echo = '["/usr/bin/printf", "[%s]"]';
    const daemon = await connected(`[listen.channels]
word = { command = ${echo}, carries = "word", words = "web|[-x]+|a b" }
place = { command = ${echo}, carries = "address" }`);
    for (const word of ['web', 'webs', '-x', 'a b', '$(id)', 'web\n']) redis.publish('word', word);
    for (const text of ['2001:DB8:0::1', '192.0.2.0/24', '192.0.2.9 -f'])
      redis.publish('place', text);
    await until(async () => (await daemon.status()).channels['place']?.received === 3);
    await until(() => daemon.logged('command').length === 2);
    const outputs = daemon.logged('command').map(({ output }) => String(output));
    expect(outputs.toSorted()).toEqual(['[2001:db8::1]', '[web]']);
    expect((await daemon.status()).refused).toEqual({ malformed: 6, 'not an address': 1 });
  });

  it("uses acacia's configuration", async () => {
    const acacia = redis.path('acacia.json');
    const { cert, key, ca } = redis.files;
    writeFileSync(
      acacia,
      JSON.stringify({
        CertPath: cert,
        KeyPath: key,
        CaPath: ca,
        RedisAddress: `127.0.0.1:${redis.port}`,
        Actions: { block: '/usr/bin/printf banned:%s' },
      }),
    );
    const daemon = await connected('', '--acacia', acacia);
    redis.publish('block', '192.0.2.7');
    await until(() => daemon.logged('command').length === 1);
    expect(daemon.logged('command')).toMatchObject([{ output: 'banned:192.0.2.7', status: 0 }]);
  });

  it.skipIf(!IS_ROOT)('drops root once it has read the files that only root can read', async () => {
    for (const file of Object.values(redis.files)) chmodSync(file, 0o600);
    const daemon = await connected('listen.user = "nobody"');
    const status = readFileSync(`/proc/${daemon.pid}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\t(?!0\t)(\d+)\t\1\t\1\t\1$/m);
    expect(status).toMatch(/^Gid:\t(?!0\t)(\d+)\t\1\t\1\t\1$/m);
    expect(status).not.toMatch(/^Groups:\t(?:.* )?0 /m);
    redis.publish('block', '192.0.2.7');
    await until(() => daemon.table().includes('192.0.2.7'));
  });

  it(`does not grow in a flood of ${FLOOD} messages and blocks all of them`, async () => {
    const daemon = await member();
    const forged = messageText(messageOf('203.0.113.0/24', '203.0.113.9'));
    const validOf = (number: number) => {
      const address = addressOf(number);
      const message = { ...messageOf(address, address), channel: 'block', number: number + 1 };
      return messageText(message, KEY);
    };
    const valid = FLOOD / FLOOD_VALID_EACH;
    const messages = Array.from({ length: FLOOD }, (_, sent) =>
      sent % FLOOD_VALID_EACH === 0 ? validOf(sent / FLOOD_VALID_EACH) : forged,
    );
    // Redis cuts off who is 8 MB behind; then messages are lost, and the API has to be asked.
    for (let sent = 0; sent < FLOOD; sent += FLOOD_AT_ONCE) {
      await redis.flood('block', messages.slice(sent, sent + FLOOD_AT_ONCE));
      const wanted = sent + FLOOD_AT_ONCE;
      await until(async () => (await daemon.status()).channels['block']?.received === wanted);
    }
    await until(async () => (await daemon.status()).channels['block']?.accepted === valid);
    expect((await daemon.status()).refused).toEqual({ unsigned: FLOOD - valid });
    await until(() => daemon.table().trim().split('\n').length === valid);
    if (existsSync(`/proc/${daemon.pid}/status`)) {
      const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'));
      expect(Number(peak?.[1])).toBeLessThan(MEMORY_KILOBYTES);
    }
  });

  function publisherConfig(): string {
    const file = redis.path('publisher.toml');
    writeFileSync(file, `${redis.settings}${memberSettings('gate1')}`);
    return file;
  }
});

/** Every other address, so that no two make one rule. */
function addressOf(number: number): string {
  return `5.${number >> 15}.${(number >> 7) & 255}.${(number * 2) & 255}`;
}

function messageOf(prefix: string, offender: string): BanMessage {
  const now = Math.floor(Date.now() / 1000);
  return {
    ban: {
      prefix: parsePrefix(prefix),
      address: parsePrefix(offender),
      expiresAt: now + 86_400,
      origin: 'grok',
      evidence: [plainEvidence({ service: 'sshd', message: 'failed-login', count: 3 })],
      note: '',
    },
    sender: 'gate1',
    channel: 'mcblock',
    number: 1,
    at: now,
  };
}

/** The daemon as a process of its own. */
class Daemon {
  readonly #line = new CommandLine();
  readonly #args: readonly string[];
  #child: ChildProcess;
  #log = '';

  constructor(redis: RedisServer, config: string, argv: readonly string[]) {
    const { cert, key, ca } = redis.files;
    const [before, tables = ''] = config.split(/^(?=\[)/m);
    const file = this.#line.path('mcblock.toml');
    const identity = { address: `127.0.0.1:${redis.port}`, cert, key, ca };
    const said = Object.entries(identity)
      .filter(([name]) => !config.includes(`pubsub.${name} `))
      .map(([name, value]) => `pubsub.${name} = "${value}"`);
    writeFileSync(
      file,
      [
        ...said,
        'listen.status = "127.0.0.1:0"',
        'firewall.kind = "file"',
        `firewall.file = "${this.#line.path('table')}"`,
        before,
        tables,
      ].join('\n'),
    );
    const asRoot = IS_ROOT && !config.includes('listen.user') ? ['--as-root'] : [];
    if (config.includes('listen.user')) {
      chmodSync(this.#line.folder, 0o755);
      chownSync(this.#line.folder, 65_534, 65_534);
    }
    this.#args = ['--db', this.#line.db, '--config', file, 'listen', ...asRoot, ...argv];
    this.#child = this.#start();
  }

  #start(): ChildProcess {
    const child = spawn(process.execPath, [program, ...this.#args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.on('data', (bytes: Buffer) => {
      this.#log += bytes.toString();
    });
    return child;
  }

  signal(name: NodeJS.Signals): void {
    signal(this.#child, name);
  }

  /** Ends it, starts it again, and waits until it hears. */
  async restart(name: NodeJS.Signals): Promise<void> {
    await this.stop(name);
    this.#log = '';
    this.#child = this.#start();
    await this.answering();
    await until(async () => (await this.ask('/status')) === 'state: connected\n');
  }

  run(...argv: string[]): Promise<Outcome> {
    this.#line.now = new Date().toISOString();
    return this.#line.run(...argv);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async answering(): Promise<void> {
    await until(() => {
      if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.#log}`);
      return this.logged('answering').length > 0;
    });
  }

  logged(event: string): Record<string, unknown>[] {
    const whole = this.#log.slice(0, this.#log.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line.includes(`"event":"${event}"`))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  ask(path: string): Promise<string> {
    const port = Number(String(this.logged('answering')[0]?.['at']).split(':')[1]);
    return new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path }, (response) => {
        let body = '';
        response.on('data', (bytes: Buffer) => {
          body += bytes.toString();
        });
        response.on('end', () => resolve(body));
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  async status(): Promise<StatusJson> {
    return JSON.parse(await this.ask('/status.json')) as StatusJson;
  }

  /** What the firewall holds. */
  table(): string {
    const file = this.#line.path('table');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  entries(): Promise<EntryJson[]> {
    this.#line.now = new Date().toISOString();
    return this.#line.json<EntryJson[]>('show');
  }

  async stop(name: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.#child.once('exit', resolve));
    signal(this.#child, name);
    return ended;
  }

  async remove(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = new Promise((resolve) => this.#child.once('exit', resolve));
      signal(this.#child, 'SIGKILL');
      await ended;
    }
    this.#line.remove();
  }
}
