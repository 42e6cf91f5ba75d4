import type { FastifyInstance } from 'fastify';
import { privateSpace } from '../../../src/blocklist/bogons.ts';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import { openFleetStore } from '../../../src/engine/fleet-store.ts';
import type { FleetStore } from '../../../src/fleet/fleet-store.ts';
import { hashPassword } from '../../../src/fleet/password.ts';
import { buildServer, type ServerOptions } from '../../../src/fleet/server.ts';
import { ServerLog } from '../../../src/fleet/server-log.ts';
import type { User } from '../../../src/fleet/user.ts';

/** Everybody's. */
export const PASSWORD = '8d604831';
/** Cheap to check. */
const HASH = hashPassword(PASSWORD, { N: 16, r: 1, p: 1 });

/** The real server on SQLite, on a port of this host. */
export class LiveServer {
  readonly #db: string;
  readonly #over: Partial<ServerOptions>;
  /** UTC seconds. */
  now = Date.parse('2026-01-01T00:00:00Z') / 1000;
  store!: FleetStore;
  app!: FastifyInstance;
  port = 0;

  constructor(db: string, over: Partial<ServerOptions> = {}) {
    this.#db = db;
    this.#over = over;
  }

  get url(): string {
    return `${this.#over.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  async addUser(name: string, over: Partial<User> = {}): Promise<void> {
    await this.store.putUser({
      name,
      password: await HASH,
      scopes: ['report', 'read'],
      widest4: 8,
      widest6: 19,
      longest: 90 * DAY_SECONDS,
      disabled: false,
      createdAt: 0,
      ...over,
    });
  }

  /** @param prepare is given the server before it listens */
  async start(prepare: (app: FastifyInstance) => void = () => {}): Promise<void> {
    this.store = await openFleetStore(this.#db);
    this.app = await buildServer({
      store: this.store,
      rules: { policy: DEFAULT_POLICY, protections: privateSpace(), maxEvidence: 1000 },
      limits: {
        bodyBytes: 1024 ** 2,
        listItems: 10_000,
        connections: 900,
        perSecond: 1_000_000,
        reportsPerMinute: 1_000_000,
      },
      log: new ServerLog(() => {}, 'error'),
      clock: () => this.now,
      version: '0.0.0-test',
      v1Status: 503,
      tls: undefined,
      proxies: [],
      ...this.#over,
    });
    prepare(this.app);
    await this.app.listen({ host: '127.0.0.1', port: this.port });
    const address = this.app.server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
  }

  async stop(): Promise<void> {
    this.app.server.closeAllConnections();
    await this.app.close();
    await this.store.close();
  }
}
