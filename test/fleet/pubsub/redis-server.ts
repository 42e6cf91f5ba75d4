import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity } from '../../../src/fleet/pubsub/endpoint.ts';
import type { RedisLocation } from '../../../src/fleet/pubsub/redis-options.ts';
import { signal } from '../../../src/process/program.ts';
import { freePort } from '../../support/free-port.ts';
import { until } from '../../support/until.ts';

const REDIS = '/usr/bin/redis-server';
const OPENSSL = '/usr/bin/openssl';

/** Why tests with a real Redis cannot run here; undefined where they can. */
export const REDIS_MISSING = [REDIS, OPENSSL].every((program) => existsSync(program))
  ? undefined
  : 'redis-server or openssl is not installed';

/** Where a server listens, and how a program is run that reaches it there. */
export interface Location {
  readonly address: string;
  readonly argv: (...command: readonly string[]) => [string, ...string[]];
}

const LOOPBACK: Location = { address: '127.0.0.1', argv: (...command) => command as [string] };

/** A Redis server that speaks mutual TLS alone, with certificates of its own. */
export class RedisServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'mcblock-redis-'));
  readonly files = {
    cert: this.path('host.pem'),
    key: this.path('host.key'),
    ca: this.path('ca.pem'),
  };
  readonly port: number;
  readonly #at: Location;
  #child: ChildProcess | undefined;

  static async start(at = LOOPBACK): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), at);
    server.#certify();
    await server.start();
    return server;
  }

  private constructor(port: number, at: Location) {
    this.port = port;
    this.#at = at;
  }

  get identity(): Identity {
    const { cert, key, ca } = this.files;
    return { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) };
  }

  get location(): RedisLocation {
    return {
      endpoint: { kind: 'tcp', host: this.#at.address, port: this.port },
      identity: this.identity,
    };
  }

  /** For a configuration: where it is, and who is to be believed. */
  get settings(): string {
    const { cert, key, ca } = this.files;
    return Object.entries({ address: `127.0.0.1:${this.port}`, cert, key, ca })
      .map(([name, value]) => `pubsub.${name} = "${value}"\n`)
      .join('');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async start(): Promise<void> {
    const options = {
      port: 0,
      'tls-port': this.port,
      bind: this.#at.address,
      'tls-cert-file': this.path('redis.pem'),
      'tls-key-file': this.path('redis.key'),
      'tls-ca-cert-file': this.files.ca,
      'tls-auth-clients': 'yes',
      // It would refuse all who come from elsewhere without a password; their certificates are enough.
      'protected-mode': 'no',
      save: '',
      dir: this.folder,
      unixsocket: this.path('socket'),
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const [program, ...rest] = this.#at.argv(REDIS, ...args);
    this.#child = spawn(program, rest, { stdio: 'ignore' });
    await until(() => this.#ask('PING') === 'PONG');
  }

  /** As a power cut would: SIGKILL, and no word to anybody. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    signal(child, 'SIGKILL');
    await ended;
  }

  /** SIGSTOP: its connections stay open, and nothing answers. */
  freeze(): void {
    if (this.#child !== undefined) signal(this.#child, 'SIGSTOP');
  }

  thaw(): void {
    if (this.#child !== undefined) signal(this.#child, 'SIGCONT');
  }

  /** What a plain client publishes; gives how many heard it. */
  publish(channel: string, message: string): number {
    return Number(this.#ask('PUBLISH', channel, message));
  }

  /** Publishes all of them on the channel, as fast as the server takes them. */
  async flood(channel: string, messages: readonly string[]): Promise<void> {
    const socket = connect(this.path('socket'));
    const commands = messages.map((message) => {
      const words = ['PUBLISH', channel, message];
      const bulk = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('');
      return `*3\r\n${bulk}`;
    });
    let answers = 0;
    const isDone = new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('data', (bytes: Buffer) => {
        for (const byte of bytes) if (byte === 0x0a) answers++;
        if (answers === messages.length) resolve();
      });
    });
    socket.write(commands.join(''));
    await isDone;
    socket.destroy();
  }

  subscribers(channel: string): number {
    return Number(this.#ask('PUBSUB', 'NUMSUB', channel).split('\n')[1]);
  }

  /** Another authority, which signed nothing here. */
  otherAuthority(): string {
    const [file, key] = [this.path('other.pem'), this.path('other.key')];
    openssl('req', '-x509', ...NEW_KEY, '-keyout', key, '-out', file, '-subj', '/CN=other');
    return file;
  }

  async remove(): Promise<void> {
    this.thaw();
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #ask(...command: string[]): string {
    try {
      return execFileSync('/usr/bin/redis-cli', ['-s', this.path('socket'), ...command], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    } catch {
      return '';
    }
  }

  #certify(): void {
    const [ca, caKey] = [this.files.ca, this.path('ca.key')];
    openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      caKey,
      '-out',
      ca,
      '-subj',
      '/CN=test authority',
    );
    for (const name of ['redis', 'host']) {
      const [cert, key, request] = ['pem', 'key', 'csr'].map((end) => this.path(`${name}.${end}`));
      openssl('req', ...NEW_KEY, '-keyout', key!, '-out', request!, '-subj', `/CN=${name}`);
      const extensions = this.path('san');
      execFileSync('/bin/sh', ['-c', `echo subjectAltName=IP:${this.#at.address} > ${extensions}`]);
      const signed = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '2'];
      openssl('x509', '-req', '-in', request!, ...signed, '-extfile', extensions, '-out', cert!);
    }
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(...args: string[]): void {
  execFileSync(OPENSSL, args, { stdio: 'ignore' });
}
