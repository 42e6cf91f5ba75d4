import type { OffenceKind } from '../../blocklist/offence.ts';
import type { Prefix } from '../../net/prefix.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import type { HostNames } from '../hosts.ts';
import type { Line } from '../line.ts';
import type { PointsTable } from './points-table.ts';
import { USER_MASKS } from './user-conditions.ts';

/** The default for unknown kinds. */
const NO_KIND: OffenceKind = { service: '', message: '', log: '', host: '', proxy: '' };

/** Hosts are below 2^16. */
const MAX_HOSTS = 65_536;

/**
 * The kinds of the offences of one log: one object for each message, host, trusted proxy and conditions
 * on users that hold.
 */
export class OffenceKinds {
  readonly #points: PointsTable;
  readonly #hosts: HostNames;
  readonly #log: string;
  readonly #kinds: OffenceKind[] = [];
  /** Index in the kinds, by proxy, host, message and users. */
  readonly #ids = new Map<number, number>();
  /** There are only as many as the configuration names. */
  readonly #proxies = new Map<Prefix | undefined, number>();

  /** `log` is the name of the log. */
  constructor(points: PointsTable, hosts: HostNames, log: string) {
    this.#points = points;
    this.#hosts = hosts;
    this.#log = log;
  }

  at(id: number): OffenceKind {
    return this.#kinds[id] ?? NO_KIND;
  }

  /**
   * The id of the kind of this line, whose message has this id.
   * @param users see OffenceKind
   */
  idOf({ host: hostId, proxy: prefix }: Line, messageId: number, users: number): number {
    const { messages } = this.#points;
    const proxyId = this.#proxies.get(prefix) ?? this.#proxies.size;
    const first = (proxyId * MAX_HOSTS + hostId) * messages.length + messageId;
    const key = first * USER_MASKS + users;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#proxies.set(prefix, proxyId);
    const { service = '', message = '', kind } = messages[messageId] ?? {};
    const host = this.#hosts.name(hostId);
    const proxy = prefix === undefined ? '' : formatPrefix(prefix);
    const plain = { service, message, log: this.#log, host, proxy };
    const named = users === 0 ? plain : { ...plain, users };
    const id = this.#kinds.push(kind === 'witness' ? { ...named, isWitness: true } : named) - 1;
    this.#ids.set(key, id);
    return id;
  }
}
