import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/cli/config/config.ts';
import { openConfiguredPublisher } from '../../src/cli/config/sync-options.ts';
import type { EntryJson } from '../../src/cli/text/entry-text.ts';
import type { BanMessage } from '../../src/fleet/pubsub/ban.ts';
import { FleetKey } from '../../src/fleet/pubsub/fleet-key.ts';
import { messageText } from '../../src/fleet/pubsub/message-text.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { signal } from '../../src/process/program.ts';
import { REDIS_MISSING, RedisServer } from '../fleet/pubsub/redis-server.ts';
import { CommandLine } from '../support/command-line.ts';
import { plainEvidence } from '../support/offence.ts';
import { program } from '../support/program.ts';
import { until } from '../support/until.ts';

const FLOOD = 100_000;
const FLOOD_AT_ONCE = 10_000;
const FLOOD_VALID_EACH = 20;
/** With 100,000 messages at once it may take this much; without them it takes about 100 MB. */
const MEMORY_KILOBYTES = 400_000;
const IS_ROOT = process.getuid?.() === 0;
const KEY = new FleetKey(Buffer.alloc(32, 7));

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
  let daemons: Daemon[] = [];
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    for (const daemon of daemons.splice(0)) await daemon.remove();
  });
  afterAll(async () => {
    await redis.remove();
    daemons = [];
  });

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
    const daemon = await connected(`pubsub.fleet-key = "${keyFile()}"`);
    const publisher = await openConfiguredPublisher(await loadConfig(publisherConfig(), {}));
    await publisher.publish(messageOf('203.0.113.0/24', '203.0.113.9').ban);
    await publisher.close();
    await until(() => daemon.table().includes('203.0.113.0/24'));
    await until(async () => (await daemon.status()).channels['block']?.received === 1);
    expect(await daemon.entries()).toMatchObject([{ prefix: '203.0.113.0/24', activations: 1 }]);
    expect((await daemon.status()).refused).toEqual({ duplicate: 1 });
  });

  it('blocks at once what grok blocks on another machine', async () => {
    const daemon = await connected(`pubsub.fleet-key = "${keyFile()}"`);
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
    const daemon = await connected(`pubsub.fleet-key = "${keyFile()}"`);
    const message = messageOf('203.0.113.0/24', '203.0.113.9');
    const good = messageText(message, KEY);
    const wide = {
      ...message,
      ban: { ...message.ban, address: undefined, prefix: parsePrefix('0.0.0.0/1') },
    };
    const lines = [
      messageText(message),
      messageText(message, new FleetKey(Buffer.alloc(32, 8))),
      good.replace('203.0.113.0/24', '198.51.100.0/24'),
      messageText({ ...message, sender: 'b.example.net' }, KEY),
      messageText({ ...message, at: message.at - 3600, number: 2 }, KEY),
      messageText({ ...wide, number: 3 }, KEY),
      '127.0.0.1',
      '0.0.0.0/0',
      '192.0.2.1; reboot',
      '-h',
    ];
    for (const line of lines) redis.publish('mcblock', line);
    redis.publish('mcblock', good);
    redis.publish('mcblock', good);
    await until(async () => (await daemon.status()).channels['mcblock']?.received === 12);
    await until(async () => (await daemon.status()).queue.blocks === 0);
    expect((await daemon.status()).refused).toEqual({
      unsigned: 1,
      forged: 2,
      own: 1,
      'too old': 1,
      'too wide': 2,
      malformed: 2,
      replayed: 1,
      protected: 1,
    });
    expect(await daemon.entries()).toMatchObject([{ prefix: '203.0.113.0/24' }]);
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
    const daemon = await connected(`pubsub.fleet-key = "${keyFile()}"`);
    const forged = messageText(messageOf('203.0.113.0/24', '203.0.113.9'));
    const valid = FLOOD / FLOOD_VALID_EACH;
    const messages = Array.from({ length: FLOOD }, (_, sent) =>
      sent % FLOOD_VALID_EACH === 0 ? addressOf(sent / FLOOD_VALID_EACH) : forged,
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
    const { cert, key, ca } = redis.files;
    const pubsub = { address: `127.0.0.1:${redis.port}`, cert, key, ca, 'fleet-key': keyFile() };
    const lines = Object.entries({ ...pubsub, sender: 'a.example.net' });
    writeFileSync(file, lines.map(([name, value]) => `pubsub.${name} = "${value}"\n`).join(''));
    return file;
  }

  function keyFile(): string {
    const file = redis.path('fleet.key');
    writeFileSync(file, Buffer.alloc(32, 7).toString('base64'), { mode: 0o600 });
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
    sender: 'a.example.net',
    number: 1,
    at: now,
  };
}

/** The daemon as a process of its own. */
class Daemon {
  readonly #line = new CommandLine();
  readonly #child: ChildProcess;
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
        'pubsub.sender = "b.example.net"',
        'listen.status = "127.0.0.1:0"',
        'firewall.kind = "file"',
        `firewall.file = "${this.#line.path('table')}"`,
        tables === '' ? before : '',
        tables,
      ].join('\n'),
    );
    const asRoot = IS_ROOT && !config.includes('listen.user') ? ['--as-root'] : [];
    if (config.includes('listen.user')) {
      chmodSync(this.#line.folder, 0o755);
      chownSync(this.#line.folder, 65_534, 65_534);
    }
    const args = ['--db', this.#line.db, '--config', file, 'listen', ...asRoot, ...argv];
    this.#child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.#log += bytes.toString();
    });
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

  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.#child.once('exit', resolve));
    signal(this.#child, 'SIGTERM');
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
