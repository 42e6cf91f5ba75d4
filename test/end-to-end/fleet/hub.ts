import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { openFleetStore } from '../../../src/engine/fleet-store.ts';
import type { Namespace } from '../../firewall/namespace.ts';
import { type Cluster, findPostgres, startCluster } from '../../fleet/postgres-cluster.ts';
import { RedisServer } from '../../fleet/pubsub/redis-server.ts';
import { fillFleet } from '../../support/fill-fleet.ts';
import { Running } from './running.ts';

const API_PORT = 8123;
const PASSWORD = '8d604831';

/** Where the machines of a fleet meet: Redis, and the API on PostgreSQL; both over TLS. */
export class Hub {
  readonly address: string;
  readonly redis: RedisServer;
  readonly disk: string;
  readonly #namespace: Namespace;
  /** bin/mcblock.js */
  readonly #program: string;
  readonly #cluster: Cluster;
  readonly #db: string;
  #api: Running | undefined;

  /** @param disk where the API has its store */
  static async start(
    namespace: Namespace,
    address: string,
    program: string,
    disk: string,
  ): Promise<Hub> {
    const found = findPostgres();
    if ('missing' in found) throw new Error(found.missing);
    const location = { address, argv: namespace.argv.bind(namespace) };
    const redis = await RedisServer.start(location);
    try {
      const cluster = await startCluster(found.folder, [], disk);
      const hub = new Hub(namespace, address, program, redis, cluster, disk);
      await hub.startApi();
      return hub;
    } catch (error) {
      await redis.remove();
      throw error;
    }
  }

  private constructor(
    namespace: Namespace,
    address: string,
    program: string,
    redis: RedisServer,
    cluster: Cluster,
    disk: string,
  ) {
    this.disk = disk;
    this.#namespace = namespace;
    this.address = address;
    this.#program = program;
    this.redis = redis;
    this.#cluster = cluster;
    this.#db = cluster.emptyDatabase();
  }

  async startApi(): Promise<void> {
    const tls = [
      '--tls-cert',
      this.redis.path('redis.pem'),
      '--tls-key',
      this.redis.path('redis.key'),
    ];
    const config = this.redis.path('serve.toml');
    writeFileSync(config, '[limits]\nuser-rate = 1000000\n', { mode: 0o600 });
    const common = ['--config', config, '--db', this.#db];
    const argv = ['serve', ...common, '--listen', `${this.address}:${API_PORT}`, ...tls];
    this.#api = new Running(this.#namespace.argv(process.execPath, this.#program, ...argv));
    await this.#api.hasSaid('"event":"listening"');
  }

  /** How often the API could not do what it was asked for, since it was started. */
  get failures(): number {
    return this.#api?.logged('failed').length ?? 0;
  }

  async killApi(): Promise<void> {
    await this.#api?.end('SIGKILL');
  }

  /** Adds a user of the API with a key, and gives the part of the configuration that a machine needs for it. */
  addUser(name: string, ...more: readonly string[]): string {
    const argv = [
      this.#program,
      'user',
      'add',
      name,
      '--db',
      this.#db,
      '--password-stdin',
      ...more,
    ];
    const input = `${PASSWORD}\n`;
    const { status, stderr } = spawnSync(process.execPath, argv, { input, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    const [password, signingKey] = [this.redis.path('password'), this.signingKey(name)];
    writeFileSync(password, input, { mode: 0o600 });
    const { cert, key, ca } = this.redis.files;
    const config = `[fleet]
url = "https://${this.address}:${API_PORT}"
user = "${name}"
password-file = "${password}"
ca = "${ca}"
[pubsub]
address = "${this.address}:${this.redis.port}"
cert = "${cert}"
key = "${key}"
ca = "${ca}"
signing-key = "${signingKey}"
`;
    const file = this.redis.path(`${name}.toml`);
    writeFileSync(file, config);
    this.#namespace.run(process.execPath, this.#program, '--config', file, 'key');
    return config;
  }

  /** Blocks these by hand in the name of a user, as a machine of their own would. */
  report(user: string, prefixes: readonly string[]): void {
    const [config, db] = [this.redis.path(`${user}.toml`), this.redis.path(`${user}.db`)];
    const common = [this.#program, '--config', config, '--db', db];
    this.#namespace.run(process.execPath, ...common, 'add', ...prefixes, '--share', '--no-apply');
    this.#namespace.run(process.execPath, ...common, 'sync', '--no-apply');
  }

  /** Adds entries that every machine fetches. */
  async fill(entries: number): Promise<void> {
    const store = await openFleetStore(this.#db);
    try {
      await fillFleet(store, entries, Math.floor(Date.now() / 1000));
    } finally {
      await store.close();
    }
  }

  /** The file with the key of a machine. */
  signingKey(name: string): string {
    return this.redis.path(`signing-${name}.key`);
  }

  async remove(): Promise<void> {
    await this.#api?.end('SIGKILL');
    await this.redis.remove();
    await this.#cluster.stop();
  }
}
